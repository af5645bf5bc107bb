# A function of the program logs the path.
# ask: GET /orders with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)


def structured_log(level, message):
    print(level, message)


@app.route("/orders")
def orders():
    structured_log("INFO", f"asked: {request.path}")
    return jsonify([])
