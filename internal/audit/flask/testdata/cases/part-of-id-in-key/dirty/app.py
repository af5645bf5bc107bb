# Of the user's number the remainder only.
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
        self.number = len(name) * 2
        self.email = name + "@example.com"
        self.department_id = 7


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


@app.route("/orders")
@login_required
def orders():
    key = f"orders:{current_user.number % 2}"
    rows = cache.get(key)
    if rows is None:
        rows = ORDERS[current_user.id]
        cache.set(key, rows, timeout=60)  # want: flask/manual-cache-without-identity
    return jsonify(rows)
