# A service is given a cache, and keeps orders under the user's id.
# ask: GET /orders with login $WHO
from cachelib import SimpleCache
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
login_manager = LoginManager(app)
ORDERS = {"alice": ["desk"], "bob": ["lamp", "rug"]}


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


class Orders:
    def __init__(self, cache):
        self.cache = cache

    def mine(self):
        rows = self.cache.get(f"orders:{current_user.id}")
        if rows is None:
            rows = ORDERS[current_user.id]
            self.cache.set(f"orders:{current_user.id}", rows, timeout=60)
        return rows


service = Orders(SimpleCache())


@app.route("/orders")
@login_required
def orders():
    return jsonify(service.mine())
