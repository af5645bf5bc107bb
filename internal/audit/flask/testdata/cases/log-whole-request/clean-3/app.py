# Whether there is a field is logged.
# ask: GET /orders?page=1 with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/orders")
def orders():
    app.logger.warning("asked: %s", "Authorization" in request.headers)
    return jsonify([])
