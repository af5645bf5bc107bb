# memoize is given the token: Flask-Caching makes an MD5 of all arguments, so that the key has neither the token nor a way to mix two up.
# ask: GET /session-info with Authorization: Bearer $WHO-token
from flask import Flask, abort, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
INTROSPECTION = {"alice-token": {"sub": "alice", "scope": "read"}, "bob-token": {"sub": "bob", "scope": "read write"}}


@cache.memoize(timeout=60)
def introspect(token):
    return INTROSPECTION.get(token)


@app.route("/session-info")
def session_info():
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    info = introspect(token) if scheme == "Bearer" else None
    if info is None:
        abort(401)
    return jsonify(info)
