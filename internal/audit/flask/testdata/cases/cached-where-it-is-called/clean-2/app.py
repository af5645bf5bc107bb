# A function that knows nobody is cached where the view calls it.
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


def build():
    return sorted(sum(ORDERS.values(), []))


@app.route("/orders")
@login_required
def orders():
    rows = cache.cached(timeout=60, key_prefix="all")(build)()
    return jsonify(rows=rows, you=current_user.id)
