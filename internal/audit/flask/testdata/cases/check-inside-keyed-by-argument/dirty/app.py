# The body asks for a right of the user that it is given, and the key is the path.
# ask: GET /orders with Authorization: Bearer $WHO-token
from functools import wraps

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
USERS = {"alice-token": {"id": "alice", "verified": True}, "bob-token": {"id": "bob", "verified": False}}
kept = {}


def token_required(f):
    @wraps(f)
    def inner(*args, **kwargs):
        user = USERS.get(request.headers.get("Authorization", "")[7:])
        if user is None:
            abort(401)
        return f(user, *args, **kwargs)
    return inner


def cached(f):
    @wraps(f)
    def inner(*args, **kwargs):
        key = request.path
        if key not in kept:
            kept[key] = f(*args, **kwargs)
        return kept[key]
    return inner


@app.route("/orders")
@token_required
@cached  # want: flask/cache-before-auth
def orders(user):
    if not user["verified"]:
        abort(403)
    return jsonify(["desk"])
