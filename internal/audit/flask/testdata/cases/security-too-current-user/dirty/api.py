# Flask-Security's login_required above the cache, its current_user in a helper below.
# not run: Flask-Security wants a database of users
from flask import Flask, jsonify
from flask_caching import Cache
from flask_security import current_user, login_required

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)


def visible_boards():
    return [b.name for b in current_user.boards]


@app.route("/boards")
@login_required
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def boards():
    return jsonify(visible_boards())
