# login_required and fresh_login_required above the cache.
# ask: GET /invoices/all with login $WHO
from functools import wraps

from flask import Flask, abort, jsonify, session
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, fresh_login_required, login_required  # noqa: F401

app = Flask(__name__)
app.secret_key = "between"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)


class Clerk(UserMixin):
    def __init__(self, uid):
        self.id, self.roles = uid, {"admin"} if uid == "alice" else set()


@login_manager.user_loader
def load(uid):
    session["_fresh"] = uid == "alice"
    return Clerk(uid)


def role_required(role):
    def decorate(view):
        @wraps(view)
        def inner(*args, **kwargs):
            if role not in current_user.roles:
                abort(403)
            return view(*args, **kwargs)

        return inner

    return decorate


@app.route("/invoices/all")
@login_required
@fresh_login_required
@cache.cached(timeout=60)
def all_invoices():
    return jsonify([{"no": 1, "total": 99}])
