# Flask-JWT: jwt_required() above the cache, and current_identity in the key.
# not run: Flask-JWT does not work with current releases of PyJWT
from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt import JWT, current_identity, jwt_required

from security import authenticate, identity

app = Flask(__name__)
app.secret_key = "jose"
jwt = JWT(app, authenticate, identity)
cache = Cache(app, config={"CACHE_TYPE": "simple"})


def store_key():
    return "stores-of-" + str(current_identity.id)


@app.route("/stores")
@jwt_required()
@cache.cached(timeout=50, key_prefix=store_key)
def stores():
    return jsonify({"stores": [s.json() for s in current_identity.stores]})
