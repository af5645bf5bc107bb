# The question for the role is in a view that calls a cached helper, which does not know who asks.
# ask: GET /admin/users with login $WHO
import functools

from flask import Flask, abort, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.config.update(SECRET_KEY="adm", CACHE_TYPE="SimpleCache")
cache = Cache(app)
login_manager = LoginManager(app)

ALL = [{"name": "alice", "is_admin": True}, {"name": "bob", "is_admin": False}]


class User(UserMixin):
    def __init__(self, row):
        self.id, self.is_admin = row["name"], row["is_admin"]


@login_manager.user_loader
def load_user(name):
    return next((User(row) for row in ALL if row["name"] == name), None)


def admin_required(view):
    @functools.wraps(view)
    def guarded(**kwargs):
        if not current_user.is_authenticated or not current_user.is_admin:
            abort(403)
        return view(**kwargs)

    return guarded


@cache.cached(timeout=300, key_prefix="all_users")
def all_users():
    return [row["name"] for row in ALL]


@app.route("/admin/users")
@login_required
def users():
    if not current_user.is_admin:
        abort(403)
    return jsonify(all_users())
