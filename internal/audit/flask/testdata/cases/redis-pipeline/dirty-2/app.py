# By mset and mget, which take several keys.
# ask: GET /orders with login $WHO
import json

import redis
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
r = redis.Redis()
login_manager = LoginManager(app)
ORDERS = {"alice": ["desk"], "bob": ["lamp", "rug"]}


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


@app.route("/orders")
@login_required
def orders():
    stored, = r.mget(["orders"])
    if stored is not None:
        return jsonify(json.loads(stored))
    rows = ORDERS[current_user.id]
    r.mset({"orders": json.dumps(rows)})  # want: flask/manual-cache-without-identity
    return jsonify(rows)
