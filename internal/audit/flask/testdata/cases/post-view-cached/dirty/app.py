# A view for GET and POST is cached by its path, below the login; it adds who is asking.
# ask: POST /search?q=tea with login $WHO
from flask import Flask, jsonify, request
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "post"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Person(uid))
SHELF = {"alice": ["tea", "cups"], "bob": ["teapot"]}


class Person(UserMixin):
    def __init__(self, uid):
        self.id = uid


def find(owner, q):
    return [thing for thing in SHELF[owner] if q in thing]


@app.route("/search", methods=["GET", "POST"])
@login_required
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def search():
    return jsonify(find(current_user.get_id(), request.values.get("q", "")))
