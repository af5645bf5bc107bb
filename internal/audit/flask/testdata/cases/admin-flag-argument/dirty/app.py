# A memoized table asks whether an admin is looking.
# ask: GET /standings with login $WHO
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "flag"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Team(uid))
TEAMS = [("red", 120, False), ("blue", 90, False), ("staff", 500, True)]


class Team(UserMixin):
    def __init__(self, uid):
        self.id, self.type = uid, "admin" if uid == "alice" else "user"


def is_admin():
    return current_user.type == "admin"


@cache.memoize(timeout=60)  # want: flask/memoize-without-identity
def standings(count=None):
    admin = is_admin()
    rows = [(name, points) for name, points, hidden in TEAMS if admin or not hidden]
    return sorted(rows, key=lambda row: -row[1])[:count]


@app.route("/standings")
@login_required
def show():
    return jsonify(standings(count=10))
