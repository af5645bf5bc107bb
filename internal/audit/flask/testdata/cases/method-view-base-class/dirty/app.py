# A base class has `decorators` with the check, and the subclass wraps the cache around it.
# ask: GET /ledger with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask.views import MethodView
from flask_caching import Cache
from flask_jwt_extended import JWTManager, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "ledger"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


class AuthenticatedView(MethodView):
    decorators = [jwt_required()]


class Ledger(AuthenticatedView):
    decorators = AuthenticatedView.decorators + [cache.cached(timeout=60)]  # want: flask/cache-before-auth

    def get(self):
        return jsonify(balance=0)


app.add_url_rule("/ledger", view_func=Ledger.as_view("ledger"))
