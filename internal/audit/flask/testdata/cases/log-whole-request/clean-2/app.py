# The request is logged as it shows itself: method and address.
# ask: GET /orders?page=1 with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/orders")
def orders():
    app.logger.warning("asked: %s", request.method)
    return jsonify([])
