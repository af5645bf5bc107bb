# The check is outermost, and the caller's own answer has his name in its key.
# ask: GET /wallet with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask.views import MethodView
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "w"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
JWTManager(app)

COINS = {"alice": 12, "bob": 7}


def wallet_key():
    return "wallet " + get_jwt_identity()


class WalletAPI(MethodView):
    decorators = [cache.cached(timeout=60, key_prefix=wallet_key), jwt_required()]

    def get(self):
        return jsonify(coins=COINS[get_jwt_identity()])


app.add_url_rule("/wallet", view_func=WalletAPI.as_view("wallet"))
