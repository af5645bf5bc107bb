# A view is registered by a call of the route, below; its cache stands above the check.
# ask: GET /orders with login $WHO
from flask import Flask, jsonify
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


@cache.cached(timeout=60)  # want: flask/unkeyed-cache, flask/cache-before-auth
@login_required
def orders():
    return jsonify(ORDERS[current_user.id])


app.route("/orders")(orders)
