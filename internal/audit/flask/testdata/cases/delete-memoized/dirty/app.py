# The memoized list is deleted at every change, and until then it is everybody's.
# ask: GET /cart with session user=$WHO
from flask import Flask, abort, jsonify, request, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "cart"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
CARTS = {"alice": ["tea"], "bob": []}


@cache.memoize()  # want: flask/memoize-without-identity
def cart_items():
    return list(CARTS[session["user"]])


@app.route("/cart", methods=["GET", "POST"])
def cart():
    user = session.get("user")
    if user is None:
        abort(401)
    if request.method == "POST":
        CARTS[user].append(request.form["item"])
        cache.delete_memoized(cart_items)
    return jsonify(cart_items())
