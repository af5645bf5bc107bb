# The fields are logged, printed nicely.
# ask: GET /orders?page=1 with Authorization: Bearer $WHO-token
import pprint

from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/orders")
def orders():
    app.logger.warning("asked: %s", pprint.pformat(dict(request.headers)))  # want: flask/token-in-log
    return jsonify([])
