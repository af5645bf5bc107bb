# hash_method changes how the query is hashed, and the list is the same for all members.
# ask: GET /books?sort=year with login $WHO
import hashlib

from flask import Flask, jsonify, request
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "hm"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Borrower(uid))
SHELVES = {"alice": ["Emma", "Dune"], "bob": ["Ulysses"]}


class Borrower(UserMixin):
    def __init__(self, uid):
        self.id = uid


@app.route("/books")
@login_required
@cache.cached(timeout=300, query_string=True, hash_method=hashlib.sha256)
def books():
    titles = [title for shelf in SHELVES.values() for title in shelf]
    return jsonify(sorted(titles, reverse=request.args.get("sort") == "year"))
