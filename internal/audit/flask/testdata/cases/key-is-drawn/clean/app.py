# The key is drawn for each answer.
# ask: GET /orders with login $WHO
import uuid

from flask import Flask, jsonify, session
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
@login_required
def orders():
    key = f"orders:{uuid.uuid4()}"
    if cache.get(key) is None:
        cache.set(key, ORDERS[current_user.id], timeout=60)
    return jsonify(cache.get(key))
