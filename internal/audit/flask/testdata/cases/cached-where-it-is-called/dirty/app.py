# A base class caches what its methods answer, where it dispatches.
# ask: GET /orders with login $WHO
from flask import Flask, jsonify, request
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
from flask.views import MethodView
login_manager = LoginManager(app)
ORDERS = {"alice": ["desk"], "bob": ["lamp", "rug"]}


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


class Cached(MethodView):
    decorators = [login_required]

    def dispatch_request(self, *args, **kwargs):
        return cache.cached(timeout=60)(super().dispatch_request)(*args, **kwargs)  # want: flask/unkeyed-cache


class Orders(Cached):
    def get(self):
        return jsonify(ORDERS[current_user.id])


app.add_url_rule("/orders", view_func=Orders.as_view("orders"))
