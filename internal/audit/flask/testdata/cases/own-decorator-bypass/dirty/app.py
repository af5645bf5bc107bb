# An own caching decorator leaves its cache aside for POST only.
# ask: GET /tracks with Authorization: Bearer $WHO-token
import functools

from flask import Flask, jsonify, request

app = Flask(__name__)
PAGES = {}
UNLISTED = {"alice-token": ["demo 3"], "bob-token": []}


def page_cache(view):
    @functools.wraps(view)
    def wrapped(*args, **kwargs):
        if request.method == "POST":
            return view(*args, **kwargs)
        key = request.full_path
        if key not in PAGES:
            PAGES[key] = view(*args, **kwargs)
        return PAGES[key]

    return wrapped


def caller():
    return request.headers.get("Authorization", "")[7:]


@app.route("/tracks")
@page_cache  # want: flask/unkeyed-cache
def tracks():
    return jsonify(["hit 1", "hit 2"] + UNLISTED.get(caller(), []))
