# The path has the id, but the body adds what the caller himself may edit.
# ask: GET /users/1 with session user_id=$ID

from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "ids"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 60})
USERS = {1: {"name": "Alice", "iban": "NL00A"}, 2: {"name": "Bob", "iban": "NL00B"}}


@app.route("/users/<int:user_id>")
@cache.cached()  # want: flask/unkeyed-cache
def user(user_id):
    return jsonify(name=USERS[user_id]["name"], may_edit=session.get("user_id") == user_id)
