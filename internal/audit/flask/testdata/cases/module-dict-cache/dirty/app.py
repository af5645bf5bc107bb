# A dict of the module is the cache, and has one place for everybody.
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
    entry = _cache.get("score")
    if entry and entry[0] > time.monotonic():
        return jsonify(entry[1])
    value = {"score": SCORES[current_user.id]}
    _cache["score"] = (time.monotonic() + 60, value)  # want: flask/manual-cache-without-identity
    return jsonify(value)
