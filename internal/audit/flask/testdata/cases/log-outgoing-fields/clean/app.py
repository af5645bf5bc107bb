# The names of the fields are logged.
# ask: GET /orders with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/orders")
def orders():
    headers = {"Accept": "text/plain"}
    headers["Authorization"] = "Bearer {}".format(request.headers.get("Authorization", "")[7:])
    app.logger.warning("asking upstream with %s", sorted(headers.keys()))
    return jsonify([])
