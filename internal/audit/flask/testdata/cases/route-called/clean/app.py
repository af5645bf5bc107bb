# A view is registered by a call of the route, below; its cache is keyed by user, below the check.
# ask: GET /orders with login $WHO
from flask import Flask, jsonify, request
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)
ORDERS = {"alice": ["desk"], "bob": ["lamp", "rug"]}


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


def by_user():
    return f"{request.path} {current_user.get_id()}"


@login_required
@cache.cached(timeout=60, make_cache_key=by_user)
def orders():
    return jsonify(ORDERS[current_user.id])


app.route("/orders")(orders)
