# A function logs another part of what it is given.
# ask: GET /orders with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)


def note(data):
    app.logger.warning("order %s", data["id"])


@app.route("/orders")
def orders():
    data = {"id": 7}
    data["token"] = request.headers.get("Authorization", "")[7:]
    note(data)
    return jsonify([])
