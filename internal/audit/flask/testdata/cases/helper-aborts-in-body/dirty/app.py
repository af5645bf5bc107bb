# A helper that reads the Authorization field and aborts is called in the cached body.
# ask: GET /bookmarks with Authorization: Bearer $WHO-token
from flask import Flask, jsonify
from flask_caching import Cache

from identity import current_account

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)
BOOKMARKS = {"alice": ["rfc-editor.org"], "bob": ["python.org", "go.dev"]}


@app.route("/bookmarks")
@cache.cached(timeout=30)  # want: flask/unkeyed-cache, flask/cache-before-auth
def bookmarks():
    account = current_account()
    return jsonify(BOOKMARKS[account])
