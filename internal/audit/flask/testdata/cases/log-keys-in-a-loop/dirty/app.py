# A loop logs the API keys of all clients.
# ask: GET /orders with Authorization: Bearer $WHO-key
from flask import Flask, jsonify, request

app = Flask(__name__)
clients = []


@app.route("/orders")
def orders():
    clients.append((request.headers.get("Authorization", "")[7:], object()))
    for api_key, client in clients:
        app.logger.warning("closing %s", api_key)  # want: flask/token-in-log
    return jsonify([])
