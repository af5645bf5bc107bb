# An own decorator reads the header, aborts, sets g.user; the cache is above it.
# ask: GET /devices with Authorization: Bearer $WHO-token
from flask import Flask, g, jsonify
from flask_caching import Cache

import metrics  # noqa: F401
from auth import requires_auth

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)

DEVICES = {"alice": ["thermostat"], "bob": ["doorbell", "camera"]}


@app.route("/devices")
@cache.cached(timeout=30)  # want: flask/unkeyed-cache, flask/cache-before-auth
@requires_auth
def devices():
    return jsonify(DEVICES[g.user])
