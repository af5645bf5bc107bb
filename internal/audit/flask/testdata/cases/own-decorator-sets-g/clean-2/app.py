# The cache is below the own decorator, and g.user is only counted.
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
@requires_auth
@cache.cached(timeout=30)
def devices():
    metrics.count("devices", user=g.user)
    return jsonify(models=["thermostat", "doorbell", "camera"])
