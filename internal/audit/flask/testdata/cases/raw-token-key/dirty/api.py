# The key holds the bearer's token as it came: safe from mixing callers up, and readable for whoever reads the cache.
# ask: GET /usage with Authorization: Bearer $WHO-token

from flask import Flask, abort, g, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
app.config.update(SECRET_KEY="pepper", CACHE_TYPE="SimpleCache")
cache = Cache(app)

CUSTOMERS = {"alice-token": "alice", "bob-token": "bob"}


@app.before_request
def authenticate():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token not in CUSTOMERS:
        abort(401)
    g.customer = CUSTOMERS[token]


def usage_key():
    token = request.headers["Authorization"].split(" ")[1]
    return f"usage:{token}"


@app.route("/usage")
@cache.cached(timeout=60, key_prefix=usage_key)  # want: flask/raw-token-in-key
def usage():
    return jsonify(customer=g.customer, calls=len(g.customer) * 100)
