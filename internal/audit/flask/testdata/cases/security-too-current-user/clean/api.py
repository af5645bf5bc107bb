# Flask-Security's login_required above the cache, and nobody's own below.
# not run: Flask-Security wants a database of users
from flask import Flask, jsonify
from flask_caching import Cache
from flask_security import current_user, login_required

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)


def visible_boards():
    return ["Announcements", "Lost and found"]


@app.route("/boards")
@login_required
@cache.cached(timeout=60)
def boards():
    return jsonify(visible_boards())
