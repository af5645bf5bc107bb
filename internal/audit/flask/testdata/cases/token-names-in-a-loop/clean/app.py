# None of the names in the query is one for a token.
# ask: GET /orders with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)
USERS = {"alice-token": "alice", "bob-token": "bob"}


def resolve_token():
    for name in ("page", "format"):
        if name in request.args:
            return request.args[name]
    field = request.headers.get("Authorization", "")
    return field.removeprefix("Bearer ")


@app.route("/orders")
def orders():
    user = USERS.get(resolve_token())
    if user is None:
        return "", 401
    return jsonify(user)
