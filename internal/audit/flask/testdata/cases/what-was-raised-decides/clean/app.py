# Whether there is a good token decides what is listed, and the lists have two keys.
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
    if kept.get(f"orders:{public_only}") is not None:
        rows = kept.get(f"orders:{public_only}")
    if not rows:
        for row in ("desk", "lamp"):
            if row == "desk" or not public_only:
                rows.append(row)
        kept[f"orders:{public_only}"] = rows
    return jsonify(rows)
