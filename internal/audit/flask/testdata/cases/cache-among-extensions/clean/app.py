# A decorator of the program takes the cache from the extensions of the application, and keys by the user, too.
# ask: GET /orders with login $WHO
from functools import wraps

from cachelib import SimpleCache
from flask import Flask, current_app, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
app.extensions["kept"] = SimpleCache()
login_manager = LoginManager(app)
ORDERS = {"alice": ["desk"], "bob": ["lamp", "rug"]}


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


def kept(f):
    @wraps(f)
    def inner(*args):
        cache_instance = current_app.extensions.get("kept")
        key = f"{f.__name__}:{args}:{current_user.get_id()}"
        rows = cache_instance.get(key)
        if rows is None:
            rows = f(*args)
            cache_instance.set(key, rows, timeout=60)
        return rows
    return inner


@app.route("/orders")
@login_required
@kept
def orders():
    return ORDERS[current_user.id]
