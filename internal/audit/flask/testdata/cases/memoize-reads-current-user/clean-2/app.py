# The memoized helper reads nothing of the caller.
# ask: GET /recommendations with login $WHO
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "a"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
manager = LoginManager(app)

HISTORY = {"alice": ["tea"], "bob": ["bolts", "nuts"]}


@manager.user_loader
def user(name):
    member = UserMixin()
    member.id = name
    return member


@cache.memoize(timeout=300)
def recommend(limit):
    bought = sum(HISTORY.values(), [])
    return [f"more {item}" for item in bought][:limit]


@app.route("/recommendations")
@login_required
def recommendations():
    return jsonify(recommend(5))
