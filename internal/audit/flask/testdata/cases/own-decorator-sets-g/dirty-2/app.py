# The cache is below the own decorator, and the helper that reads g.user is two calls away.
# ask: GET /devices with Authorization: Bearer $WHO-token
from flask import Flask, g, jsonify
from flask_caching import Cache

import metrics  # noqa: F401
from auth import requires_auth
from devices import visible_devices

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)

DEVICES = {"alice": ["thermostat"], "bob": ["doorbell", "camera"]}


@app.route("/devices")
@requires_auth
@cache.cached(timeout=30)  # want: flask/unkeyed-cache
def devices():
    return jsonify(visible_devices())
