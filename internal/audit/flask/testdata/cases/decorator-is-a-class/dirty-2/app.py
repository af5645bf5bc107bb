# An object stands in the place of the function.
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


class Kept:
    def __init__(self, f):
        functools.update_wrapper(self, f)
        self.f = f
        self.store = {}

    def __call__(self, *args, **kwargs):
        key = request.path
        if key not in self.store:
            self.store[key] = self.f(*args, **kwargs)
        return self.store[key]


@app.route("/orders")
@login_required
@Kept  # want: flask/unkeyed-cache
def orders():
    return jsonify(ORDERS[current_user.id])
