# A cached function is given the token, a digest of which is its key.
# ask: GET /orders with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
PRODUCTS = {"alice-token": ["search"], "bob-token": []}


def account(*args, **kwargs):
    return str(hash(request.headers.get("Authorization")))


@cache.cached(timeout=600, make_cache_key=account)
def products(token):
    return PRODUCTS.get(token, ["none"])


def get_token_auth_header():
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


@app.route("/orders")
def orders():
    return jsonify(products(get_token_auth_header()))
