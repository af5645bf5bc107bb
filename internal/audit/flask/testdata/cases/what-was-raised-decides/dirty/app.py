# Whether there is a good token decides what is listed, and both lists have one key.
# ask: GET /orders with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

app = Flask(__name__)
USERS = {"alice-token", "bob-token"}
kept = {}


def check_token():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token not in USERS:
        raise ValueError("no such token")
    return token


@app.route("/orders")
def orders():
    public_only = False
    try:
        check_token()
    except ValueError:
        public_only = True
    rows = []
    if kept.get("orders") is not None:
        rows = kept.get("orders")
    if not rows:
        for row in ("desk", "lamp"):
            if row == "desk" or not public_only:
                rows.append(row)
        kept["orders"] = rows  # want: flask/manual-cache-without-identity
    return jsonify(rows)
