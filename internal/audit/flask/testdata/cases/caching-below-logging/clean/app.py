# What the cached body asks of the caller is only logged.
# ask: GET /prices with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "pr"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

PRICES = {"kettle": 40, "lamp": 25}
REBATE = {"alice": 0.2}


@app.route("/prices")
@jwt_required()
@cache.cached(timeout=300)
def prices():
    customer = get_jwt_identity()
    app.logger.info("computing prices, asked by %s", customer)
    return jsonify(PRICES)
