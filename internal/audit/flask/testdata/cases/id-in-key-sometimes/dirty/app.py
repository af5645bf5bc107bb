# Whether the user comes into the key, the request says.
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


@app.route("/orders")
@login_required
def orders():
    key = "orders"
    if request.args.get("mine"):
        key += ":" + current_user.id
    rows = cache.get(key)
    if rows is None:
        rows = ORDERS[current_user.id]
        cache.set(key, rows, timeout=60)  # want: flask/manual-cache-without-identity
    return jsonify(rows)
