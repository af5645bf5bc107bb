# HTTPTokenAuth names the caller, a helper asks for him, the key does not.
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


def load_playlists():
    return LISTS[auth.current_user()]


@app.route("/playlists")
@auth.login_required
@cache.cached(60)  # want: flask/unkeyed-cache
def playlists():
    return jsonify(load_playlists())
