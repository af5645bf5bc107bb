# memoize on the helper that the view calls after its check.
# ask: GET /files/$WHO with X-User-Token: $WHO-token
# ask: GET /files/alice with X-User-Token: $WHO-token
from flask import Flask, abort, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
FILES = {"alice": ["cv.pdf"], "bob": ["song.mp3"], "nobody": []}


def check_owner(name):
    if request.headers.get("X-User-Token") != name + "-token":
        abort(403)


@cache.memoize(timeout=60)
def listing(owner):
    return sorted(FILES[owner])


@app.route("/files/<owner>")
def files(owner):
    check_owner(owner)
    return jsonify(listing(owner))
