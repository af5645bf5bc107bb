# A helper that reads the Authorization field and aborts is called in the view, and the cached function is given what it found.
# ask: GET /bookmarks with Authorization: Bearer $WHO-token
from flask import Flask, jsonify
from flask_caching import Cache

from identity import current_account

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)
BOOKMARKS = {"alice": ["rfc-editor.org"], "bob": ["python.org", "go.dev"]}


@cache.memoize(timeout=30)
def bookmarks_of(account):
    return BOOKMARKS[account]


@app.route("/bookmarks")
def bookmarks():
    account = current_account()
    return jsonify(bookmarks_of(account))
