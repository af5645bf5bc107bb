# g, the session and cached_property of the request's own user keep values, too, and nobody else ever reads them.
# ask: GET /summary with login $WHO
from functools import cached_property

from flask import Flask, g, jsonify, session
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "per-request"
login_manager = LoginManager(app)
LETTERS = {"alice": ["from Zoe"], "bob": []}


@login_manager.user_loader
def load_user(name):
    return User(name)


class User(UserMixin):
    def __init__(self, name):
        self.id = name

    @cached_property
    def letters(self):
        return LETTERS[self.id]


def unread():
    if "unread" not in g:
        g.unread = len(current_user.letters)
    return g.unread


def theme():
    theme = session.get("theme")
    if theme is None:
        theme = session["theme"] = "dark" if current_user.id == "alice" else "light"
    return theme


@app.route("/summary")
@login_required
def summary():
    cache = getattr(g, "_cache", None)
    if cache is None:
        cache = g._cache = {}
    cache["name"] = current_user.id
    return jsonify(unread=unread(), theme=theme(), name=cache["name"])
