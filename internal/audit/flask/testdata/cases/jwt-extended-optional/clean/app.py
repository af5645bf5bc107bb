# Anonymous callers are welcome, and the cache is left aside as soon as somebody is known.
# ask: GET /shop with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "dev"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

baskets = {"alice": ["kettle", "mug"], "bob": ["lamp"]}


@app.route("/shop", methods=["GET"])
@jwt_required(optional=True)
@cache.cached(60, unless=lambda: get_jwt_identity() is not None)
def shop():
    who = get_jwt_identity()
    return jsonify(items=["kettle", "mug", "lamp"], basket=baskets.get(who, []))
