# The user's id is an argument with a default, and the call leaves it to the default.
# ask: GET /friends with session user_id=$ID
from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "friends"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
FRIENDS = {1: ["Zoe"], 2: ["Max", "Ida"]}


@cache.memoize(timeout=60)  # want: flask/memoize-without-identity
def friends_of(user_id=None):
    if user_id is None:
        user_id = session["user_id"]
    return FRIENDS[user_id]


@app.route("/friends")
def friends():
    if "user_id" not in session:
        abort(401)
    return jsonify(friends_of())
