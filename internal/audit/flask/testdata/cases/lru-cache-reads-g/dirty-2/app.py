# functools.cache on a helper that asks current_user for its rights, given only what is to be done.
# ask: GET /menu with Authorization: Bearer $WHO-token
import functools

from flask import Flask, abort, g, jsonify, request

app = Flask(__name__)
ROLES = {"alice": "editor", "bob": "reader"}
RIGHTS = {"editor": {"read", "write"}, "reader": {"read"}}


@app.before_request
def authenticate():
    who = request.headers.get("Authorization", "")[len("Bearer ") : -len("-token")]
    if who not in ROLES:
        abort(401)
    g.user = who


@functools.cache  # want: flask/memoize-without-identity
def allowed(action):
    return action in RIGHTS[ROLES[g.user]]


@app.route("/menu")
def menu():
    return jsonify([a for a in ("read", "write") if allowed(a)])
