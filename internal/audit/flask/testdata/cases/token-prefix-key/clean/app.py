# The key has a digest of the whole JWT.
# ask: GET /me with Authorization: Bearer $JWT
import hashlib

from flask import Flask, jsonify, request
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "prefix"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def token_key():
    token = request.headers["Authorization"].split()[1]
    return "me-" + hashlib.sha1(token.encode()).hexdigest()


@app.route("/me")
@jwt_required()
@cache.cached(timeout=60, key_prefix=token_key)
def me():
    return jsonify(me=get_jwt_identity())
