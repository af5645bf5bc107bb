# The id in the path is held against the caller in the cached body: on a hit nobody holds it against anything.
# ask: GET /users/1 with session user_id=$ID

from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "ids"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 60})
USERS = {1: {"name": "Alice", "iban": "NL00A"}, 2: {"name": "Bob", "iban": "NL00B"}}


@app.route("/users/<int:user_id>")
@cache.cached()  # want: flask/cache-before-auth
def user(user_id):
    if session.get("user_id") != user_id:
        abort(403)
    return jsonify(USERS[user_id])
