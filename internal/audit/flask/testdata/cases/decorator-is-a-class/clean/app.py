# A caching decorator is an object; its key has the user.
# ask: GET /orders with login $WHO
import functools

from flask import Flask, jsonify, request
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


class cached_for:
    def __init__(self, seconds):
        self.seconds = seconds
        self.store = {}

    def __call__(self, f):
        @functools.wraps(f)
        def wrapper(*args, **kwargs):
            key = (request.path, current_user.id)
            if key not in self.store:
                self.store[key] = f(*args, **kwargs)
            return self.store[key]
        return wrapper


@app.route("/orders")
@login_required
@cached_for(60)
def orders():
    return jsonify(ORDERS[current_user.id])
