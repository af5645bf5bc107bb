# A global of the module is the cache.
# ask: GET /score with login $WHO
import time

from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dict"
login_manager = LoginManager(app)
SCORES = {"alice": 900, "bob": 20}

_cache = {}
_last = None


@login_manager.user_loader
def load(name):
    player = UserMixin()
    player.id = name
    return player


@app.route("/score")
@login_required
def score():
    global _last
    if _last is None:
        _last = SCORES[current_user.id]  # want: flask/manual-cache-without-identity
    return jsonify(score=_last)
