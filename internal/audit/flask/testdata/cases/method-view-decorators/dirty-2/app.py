# The check is outermost, and the answer is the caller's own under the path alone.
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


class WalletAPI(MethodView):
    decorators = [cache.cached(timeout=60), jwt_required()]  # want: flask/unkeyed-cache

    def get(self):
        return jsonify(coins=COINS[get_jwt_identity()])


app.add_url_rule("/wallet", view_func=WalletAPI.as_view("wallet"))
