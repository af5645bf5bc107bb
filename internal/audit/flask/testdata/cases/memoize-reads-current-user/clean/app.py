# The memoized helper is given the user's id.
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
def recommend(user_id):
    bought = HISTORY[user_id]
    return [f"more {item}" for item in bought]


@app.route("/recommendations")
@login_required
def recommendations():
    return jsonify(recommend(current_user.id))
