# Behind the login the body asks a method of the user whether he may.
# ask: GET /orders with login $WHO
from flask import Flask, abort, jsonify
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
@cache.cached(timeout=60)  # want: flask/cache-before-auth
def orders():
    if not current_user.is_editor():
        return abort(403)
    return jsonify(sorted(sum(ORDERS.values(), [])))
