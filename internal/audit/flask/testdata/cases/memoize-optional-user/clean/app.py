# A memoized function would take the current user where it is given none, and it is always given one, which is the same for all.
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


@cache.memoize(60)
def rows(user_id=None):
    who = user_id
    if who is None:
        who = current_user.id
    return ORDERS[who]


@app.route("/orders")
@login_required
def orders():
    return jsonify(rows("alice"))
