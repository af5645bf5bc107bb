# Who is not the owner is counted.
# ask: GET /orders with login $WHO
from cachetools import TTLCache, cached
from flask import Flask, abort, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)
ORDERS = {"alice": ["desk"], "bob": ["lamp", "rug"]}


class User(UserMixin):
    def __init__(self, name):
        self.id = name

    def is_editor(self):
        return self.id == "alice"


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


NOTES = {"desk": "alice"}


@cached(TTLCache(100, 60))
def note(name):
    if name not in NOTES:
        abort(404)
    if NOTES[name] != current_user.id:
        app.logger.info("a stranger reads %s", name)
    return "the note on " + name


@app.route("/orders")
@login_required
def orders():
    return jsonify(note("desk"))
