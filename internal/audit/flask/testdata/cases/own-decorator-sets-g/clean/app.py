# An own decorator reads the header, aborts, sets g.user; the cache is below it and keyed by g.user.
# ask: GET /devices with Authorization: Bearer $WHO-token
from flask import Flask, g, jsonify
from flask_caching import Cache

import metrics  # noqa: F401
from auth import requires_auth

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)

DEVICES = {"alice": ["thermostat"], "bob": ["doorbell", "camera"]}


def device_key():
    return "devices-{0}".format(g.user)


@app.route("/devices")
@requires_auth
@cache.cached(timeout=30, key_prefix=device_key)
def devices():
    return jsonify(DEVICES[g.user])
