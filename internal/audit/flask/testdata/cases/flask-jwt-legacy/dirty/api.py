# Flask-JWT: jwt_required() below the cache, and current_identity read in the body.
# not run: Flask-JWT does not work with current releases of PyJWT
from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt import JWT, current_identity, jwt_required

from security import authenticate, identity

app = Flask(__name__)
app.secret_key = "jose"
jwt = JWT(app, authenticate, identity)
cache = Cache(app, config={"CACHE_TYPE": "simple"})


@app.route("/stores")
@cache.cached(timeout=50)  # want: flask/unkeyed-cache, flask/cache-before-auth
@jwt_required()
def stores():
    return jsonify({"stores": [s.json() for s in current_identity.stores]})
