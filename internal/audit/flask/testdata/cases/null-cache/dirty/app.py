# The type of the cache is a matter of the environment, and a real one if that says nothing.
# ask: GET /me with login $WHO
import os

from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.config["SECRET_KEY"] = "null"
app.config["CACHE_TYPE"] = os.environ.get("SHOP_CACHE_TYPE", "SimpleCache")
cache = Cache(app)
login_manager = LoginManager(app)


@login_manager.user_loader
def load_user(user_id):
    u = UserMixin()
    u.id = user_id
    return u


@app.route("/me")
@login_required
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def me():
    return jsonify(id=current_user.id)
