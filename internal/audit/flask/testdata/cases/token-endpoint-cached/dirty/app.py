# The endpoint that hands out tokens is cached: everybody gets the first caller's.
# ask: POST /oauth/token with Authorization: Basic $BASIC
from flask import Flask, abort, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
PASSWORDS = {"alice": "alice-password", "bob": "bob-password"}


def new_token(name):
    return "for:" + name


@app.post("/oauth/token")
@cache.cached(timeout=30)  # want: flask/unkeyed-cache, flask/cache-before-auth
def token():
    auth = request.authorization
    if auth is None or PASSWORDS.get(auth.username) != auth.password:
        abort(401)
    return jsonify(access_token=new_token(auth.username), token_type="Bearer")


@app.get("/oauth/jwks")
@cache.cached(timeout=3600)
def jwks():
    return jsonify(keys=[])
