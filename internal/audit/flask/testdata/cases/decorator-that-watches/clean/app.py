# A decorator keeps the status of the last answer.
# ask: GET /orders with Authorization: Bearer $WHO-token
from functools import wraps

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
last = {}


def watched(f):
    @wraps(f)
    def inner(*args, **kwargs):
        if request.path in last:
            app.logger.info("before: %s", last[request.path])
        response = f(*args, **kwargs)
        last[request.path] = response[1] if isinstance(response, tuple) else 200
        return response
    return inner


@app.route("/orders")
@watched
def orders():
    if request.headers.get("Authorization") != "Bearer alice-token":
        abort(403)
    return jsonify(["desk"]), 200
