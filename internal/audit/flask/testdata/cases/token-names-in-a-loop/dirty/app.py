# One of several names in the query is the token's.
# not run: where a token is read is a matter of the source, and no cache takes part
from flask import Flask, jsonify, request

app = Flask(__name__)
USERS = {"alice-token": "alice", "bob-token": "bob"}


def resolve_token():
    for name in ("format", "api_key"):
        if name in request.args:
            return request.args[name]  # want: flask/token-in-url
    field = request.headers.get("Authorization", "")
    return field.removeprefix("Bearer ")


@app.route("/orders")
def orders():
    user = USERS.get(resolve_token())
    if user is None:
        return "", 401
    return jsonify(user)
