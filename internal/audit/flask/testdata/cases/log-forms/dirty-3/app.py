# An exception is logged with the token in its text.
# ask: GET /check with Authorization: Bearer $WHO-token
import logging

from flask import Flask, abort, jsonify, request

log = logging.getLogger("check")
app = Flask(__name__)
KNOWN = {"alice-token": "alice", "bob-token": "bob"}


def lookup(token):
    if token not in KNOWN or token.startswith("alice"):
        raise ValueError("unknown token " + token)
    return KNOWN[token]


@app.route("/check")
def check():
    token = request.headers.get("Authorization", "").replace("Bearer ", "")
    if not token:
        abort(401)
    try:
        lookup(token)
    except ValueError as error:
        log.error("no such caller: %s", error)  # want: flask/token-in-log
    return jsonify(ok=token in KNOWN)
