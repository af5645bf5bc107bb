# A decorator keeps the last answer, and gives it out.
# ask: GET /orders with Authorization: Bearer $WHO-token
from functools import wraps

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
last = {}


def watched(f):
    @wraps(f)
    def inner(*args, **kwargs):
        if request.path in last:
            return last[request.path]
        response = f(*args, **kwargs)
        last[request.path] = response
        return last[request.path]
    return inner


@app.route("/orders")
@watched  # want: flask/cache-before-auth
def orders():
    if request.headers.get("Authorization") != "Bearer alice-token":
        abort(403)
    return jsonify(["desk"]), 200
