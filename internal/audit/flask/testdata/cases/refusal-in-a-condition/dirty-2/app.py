# Who is not the owner is refused while nothing is shared: further in, but by who asks.
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
SHARED = False


@cached(TTLCache(100, 60))  # want: flask/memoize-without-identity
def note(name):
    if name not in NOTES:
        abort(404)
    if NOTES[name] != current_user.id:
        if not SHARED:
            abort(403)
    return "the note on " + name


@app.route("/orders")
@login_required
def orders():
    return jsonify(note("desk"))
