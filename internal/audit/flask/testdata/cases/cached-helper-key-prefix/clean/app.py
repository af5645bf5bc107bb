# cached on a function that is no view, under a constant, and it asks nobody.
# ask: GET /nav with session user=$WHO
from flask import Flask, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "nav"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
PINNED = {"alice": ["Reports"], "bob": ["Chat"]}


@cache.cached(timeout=600, key_prefix="navigation")
def navigation():
    entries = ["Home", "Search"]
    return entries + ["Help"]


@app.route("/nav")
def nav():
    return jsonify(navigation())
