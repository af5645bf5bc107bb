# admin_required above the cache: the list of all users is the same for all admins.
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


@app.route("/admin/users")
@admin_required
@cache.cached(timeout=300)
def users():
    return jsonify([row["name"] for row in ALL])
