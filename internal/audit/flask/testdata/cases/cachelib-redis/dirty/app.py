# cachelib's RedisCache in the application's config; has, get and set with a key of the endpoint.
# not run: cachelib's RedisCache wants a server
from cachelib.redis import RedisCache
from flask import Flask, current_app, g, jsonify, request

from .auth import login_required
from .queries import dashboards_of

app = Flask(__name__)
app.config["RESULTS"] = RedisCache(host="localhost", key_prefix="results/")


@app.route("/dashboards")
@login_required
def dashboards():
    results = current_app.config["RESULTS"]
    key = request.endpoint
    if results.has(key):
        return jsonify(results.get(key))
    rows = dashboards_of(g.user)
    results.set(key, rows, timeout=300)  # want: flask/manual-cache-without-identity
    return jsonify(rows)
