# An HMAC of the field is the key of a cache by hand.
# ask: GET /limits with Authorization: Bearer $WHO-token
import hashlib
import hmac
from cachelib import SimpleCache
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
app.config["SECRET_KEY"] = "salt"
limits_cache = SimpleCache()
PLANS = {"alice-token": ("alice", 1000), "bob-token": ("bob", 10)}


def look_up(token):
    if token not in PLANS:
        abort(401)
    return {"limit": PLANS[token][1]}


@app.route("/limits")
def limits():
    header = request.headers.get("Authorization", "")
    key = hmac.new(app.secret_key.encode(), header.encode(), hashlib.sha256).hexdigest()
    cached = limits_cache.get(key)
    if cached is None:
        cached = look_up(request.headers.get("Authorization", "")[7:])
        limits_cache.set(key, cached, timeout=30)
    return jsonify(cached)
