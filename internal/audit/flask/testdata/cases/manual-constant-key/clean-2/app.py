# get and set by hand under a key of the page, for a value that all share.
# ask: GET /todo/1 with session user=$WHO
from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "k"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

TODO = {"alice": ["water the plants"], "bob": ["call home", "pay rent"]}


def load_todo(owner, page):
    return TODO[owner][(page - 1) * 10 : page * 10]


@app.route("/todo/<int:page>")
def todo(page):
    if "user" not in session:
        abort(401)
    items = cache.get("todo_%d" % page)
    if items is None:
        items = sum(TODO.values(), [])
        cache.set("todo_%d" % page, items, timeout=60)
    return jsonify(items)
