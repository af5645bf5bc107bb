# The caller is asked for in a property of a class that the cached view makes.
# ask: GET /rewards with session customer=$WHO
from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "rewards"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
STAMPS = {"alice": 9, "bob": 1}


@app.before_request
def must_be_customer():
    if "customer" not in session:
        abort(403)


class Card:
    @property
    def owner(self):
        return session["customer"]

    def rewards(self):
        return ["coffee"] * (STAMPS[self.owner] // 3)


@app.route("/rewards")
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def rewards():
    return jsonify(Card().rewards())
