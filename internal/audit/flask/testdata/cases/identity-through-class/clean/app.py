# The class is given the caller by the view, which is not cached; its method is memoized by its repr.
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
    def __init__(self, owner):
        self.owner = owner

    def __repr__(self):
        return f"Card({self.owner!r})"

    @cache.memoize(timeout=60)
    def rewards(self):
        return ["coffee"] * (STAMPS[self.owner] // 3)


@app.route("/rewards")
def rewards():
    return jsonify(Card(session["customer"]).rewards())
