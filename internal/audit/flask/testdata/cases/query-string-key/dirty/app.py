# query_string=True keys by path and query; the caller is in neither.
# ask: GET /orders?page=1 with login $ID
from flask import Flask, jsonify, request
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "x"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login = LoginManager(app)
ORDERS = [(1, "kettle"), (1, "mug"), (2, "lamp")]


class Account(UserMixin):
    def __init__(self, id):
        self.id = id


@login.user_loader
def load(id):
    return Account(int(id))


@app.route("/orders")
@login_required
@cache.cached(timeout=20, query_string=True)  # want: flask/unkeyed-cache
def orders():
    page = request.args.get("page", 1, type=int)
    mine = [item for owner, item in ORDERS if owner == current_user.id]
    return jsonify(page=page, orders=mine)
