# as_view's function is wrapped in the cache and then in the check where it is registered.
# ask: GET /exports with Authorization: Bearer $JWT
from flask import Flask
from flask.views import View
from flask_caching import Cache
from flask_jwt_extended import JWTManager, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "e"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


class Exports(View):
    methods = ["GET"]

    def dispatch_request(self):
        return {"files": ["2024.csv", "2025.csv"]}


exports = Exports.as_view("exports")
app.add_url_rule("/exports", view_func=jwt_required()(cache.cached(timeout=900)(exports)))
