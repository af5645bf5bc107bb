# The id in the path is held against the caller above the cache: who comes through has his own path.
# ask: GET /users/1 with session user_id=$ID
from functools import wraps

from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "ids"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 60})
USERS = {1: {"name": "Alice", "iban": "NL00A"}, 2: {"name": "Bob", "iban": "NL00B"}}


def only_owner(view):
    @wraps(view)
    def checked(user_id):
        if session.get("user_id") != user_id:
            abort(403)
        return view(user_id)

    return checked


@app.route("/users/<int:user_id>")
@only_owner
@cache.cached()
def user(user_id):
    return jsonify(USERS[user_id])
