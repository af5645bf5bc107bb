# Own bookings by the number in the path, which a decorator holds against the caller, under the path.
# ask: GET /api/users/$ID with session uid=$ID
from functools import wraps

from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "fixed"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 120})
USERS = {1: {"name": "Alice", "bookings": ["Oslo"]}, 2: {"name": "Bob", "bookings": []}}


def own_number(view):
    @wraps(view)
    def guarded(user_id):
        if session.get("uid") != user_id:
            abort(403)
        return view(user_id)

    return guarded


@app.route("/api/users/<int:user_id>")
@own_number
@cache.cached(timeout=60)
def user(user_id):
    return jsonify(USERS[user_id]["bookings"])
