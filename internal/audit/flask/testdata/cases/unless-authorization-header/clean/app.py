# `unless` returns True where there is a field: the cache is left aside.
# ask: GET /feed with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

FEEDS = {"alice-token": ["alice's draft"], "bob-token": ["bob's draft"]}
PUBLIC = ["Release 2.0", "Release 1.9"]


def caller_drafts():
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return FEEDS.get(token, [])


@app.get("/feed")
@cache.cached(timeout=15, unless=lambda: "Authorization" in request.headers)
def feed():
    return jsonify(PUBLIC + caller_drafts())
