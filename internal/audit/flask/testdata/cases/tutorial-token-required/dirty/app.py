# The decorator of many tutorials hands current_user to the view; the cache above it sees the path only.
# ask: GET /user with x-access-token: $JWT
from functools import wraps

import jwt
from flask import Flask, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
app.config["SECRET_KEY"] = "thisissecret"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


class User:
    def __init__(self, public_id):
        self.public_id = public_id
        self.todos = [f"call {public_id}'s mother"]


def token_required(f):
    @wraps(f)
    def decorated(*args, **kwargs):
        token = request.headers.get("x-access-token")
        if not token:
            return jsonify({"message": "Token is missing!"}), 401
        try:
            data = jwt.decode(token, app.config["SECRET_KEY"], algorithms=["HS256"])
        except jwt.InvalidTokenError:
            return jsonify({"message": "Token is invalid!"}), 401
        current_user = User(data["user_id"])
        return f(current_user, *args, **kwargs)

    return decorated


@app.route("/user", methods=["GET"])
@cache.cached(timeout=60)  # want: flask/unkeyed-cache, flask/cache-before-auth
@token_required
def get_user(current_user):
    return jsonify({"todos": current_user.todos})
