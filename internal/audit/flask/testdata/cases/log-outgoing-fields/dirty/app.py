# The fields of a request to another service are logged, with the caller's token.
# ask: GET /orders with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/orders")
def orders():
    headers = {"Accept": "text/plain"}
    headers["Authorization"] = "Bearer {}".format(request.headers.get("Authorization", "")[7:])
    app.logger.warning("asking upstream with %s", headers)  # want: flask/token-in-log
    return jsonify([])
