# memoize on a view: the route's argument is in the key, the caller who is checked inside is not.
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


@app.route("/files/<owner>")
@cache.memoize(timeout=60)  # want: flask/cache-before-auth
def files(owner):
    check_owner(owner)
    return jsonify(sorted(FILES[owner]))
