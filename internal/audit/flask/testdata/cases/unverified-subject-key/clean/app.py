# The key is the subject of a token that has been verified.
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
    return "score/" + get_jwt_identity()


@app.route("/score")
@jwt_required()
@cache.cached(timeout=60, key_prefix=subject)
def score():
    return jsonify(score=len(get_jwt_identity()))
