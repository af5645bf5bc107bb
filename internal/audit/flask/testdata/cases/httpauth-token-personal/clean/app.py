# HTTPTokenAuth names the caller, a helper is told of him, and memoize keys by what it is told.
# ask: GET /playlists with Authorization: Bearer $WHO-token
from flask import Flask, jsonify
from flask_caching import Cache
from flask_httpauth import HTTPTokenAuth

app = Flask(__name__)
auth = HTTPTokenAuth(scheme="Bearer")
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LISTS = {"alice": ["Road trip"], "bob": ["Gym", "Sleep"]}


@auth.verify_token
def verify_token(token):
    for name in LISTS:
        if token == name + "-token":
            return name


@cache.memoize(60)
def load_playlists(name):
    return LISTS[name]


@app.route("/playlists")
@auth.login_required
def playlists():
    return jsonify(load_playlists(auth.current_user()))
