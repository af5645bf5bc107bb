# The same, for those only who are not logged in.
# ask: GET /orders with login $WHO
from flask import Flask, jsonify, make_response, request
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


@app.before_request
def early():
    stored = cache.get(request.path)
    if stored is not None:
        return make_response(stored)


@app.after_request
def late(response):
    if response.status_code == 200 and not current_user.is_authenticated:
        cache.set(request.path, response.get_data(), timeout=60)
    return response


@app.route("/orders")
@login_required
def orders():
    return jsonify(ORDERS[current_user.id])
