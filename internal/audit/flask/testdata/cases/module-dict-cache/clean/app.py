# A dict of the module is the cache, and has a place for each user.
# ask: GET /score with login $WHO
import time

from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dict"
login_manager = LoginManager(app)
SCORES = {"alice": 900, "bob": 20}

_cache = {}


@login_manager.user_loader
def load(name):
    player = UserMixin()
    player.id = name
    return player


@app.route("/score")
@login_required
def score():
    entry = _cache.get(current_user.id)
    if entry and entry[0] > time.monotonic():
        return jsonify(entry[1])
    value = {"score": SCORES[current_user.id]}
    _cache[current_user.id] = (time.monotonic() + 60, value)
    return jsonify(value)
