# key_prefix is a lambda that returns a digest of the field.
# ask: GET /me/limits with Authorization: Bearer $JWT
import hashlib

from flask import Flask, jsonify, request
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "limits"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


@app.route("/me/limits")
@jwt_required()
@cache.cached(timeout=60, key_prefix=lambda: digest(request.headers["Authorization"]))
def limits():
    return jsonify(limit=len(get_jwt_identity()))
