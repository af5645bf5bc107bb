# All cookies are logged.
# ask: GET /orders?page=1 with Cookie: session=$WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/orders")
def orders():
    app.logger.warning("asked: %s", request.cookies)  # want: flask/token-in-log
    return jsonify([])
