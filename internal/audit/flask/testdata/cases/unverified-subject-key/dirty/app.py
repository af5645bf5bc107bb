# The key is the subject of a token that nobody has verified, and the cache is outside the check.
# not run: takes a forged token
import jwt
from flask import Flask, jsonify, request
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "verify"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def subject():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    return "score/" + claims["sub"]


@app.route("/score")
@cache.cached(timeout=60, key_prefix=subject)  # want: flask/cache-before-auth
@jwt_required()
def score():
    return jsonify(score=len(get_jwt_identity()))
