# Members' and strangers' lists are kept under two keys.
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

    def is_editor(self):
        return self.id == "alice"


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


@app.route("/orders")
def orders():
    full = current_user.is_authenticated
    rows = cache.get("orders-of-members") if full else cache.get("orders")
    if rows is None:
        rows = ["desk", "lamp"] if full else ["desk"]
        if full:
            cache.set("orders-of-members", rows, timeout=60)
        else:
            cache.set("orders", rows, timeout=60)
    return jsonify(rows)
