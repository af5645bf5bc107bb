# functools.cache on a helper that is given the role and what is to be done.
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


@functools.cache
def allowed(role, action):
    return action in RIGHTS[role]


@app.route("/menu")
def menu():
    return jsonify([a for a in ("read", "write") if allowed(ROLES[g.user], a)])
