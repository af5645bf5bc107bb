# before_request leaves the cached view's endpoint out, which asks for itself below the cache.
# ask: GET /metrics with X-Api-Key: $WHO-key
from flask import Flask, abort, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 15})
OPEN = ("health", "metrics")


def check_key():
    if request.headers.get("X-Api-Key") not in ("alice-key", "bob-key"):
        abort(401)


@app.before_request
def guard():
    if request.endpoint not in OPEN:
        check_key()


@app.route("/health")
def health():
    return "ok"


@app.route("/metrics")
@cache.cached()  # want: flask/cache-before-auth
def metrics():
    check_key()
    return jsonify(requests=12345)
