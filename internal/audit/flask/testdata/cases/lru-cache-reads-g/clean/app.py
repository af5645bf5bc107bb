# lru_cache on a helper that is told the user.
# ask: GET /menu with Authorization: Bearer $WHO-token
from functools import lru_cache

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


@lru_cache(maxsize=None)
def menu_entries(user):
    return sorted(RIGHTS[ROLES[user]])


@app.route("/menu")
def menu():
    return jsonify(menu_entries(g.user))
