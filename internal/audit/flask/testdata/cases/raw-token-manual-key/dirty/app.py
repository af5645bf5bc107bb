# The field is the key of a cache by hand.
# ask: GET /limits with Authorization: Bearer $WHO-token
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
    cached = limits_cache.get(request.headers.get("Authorization"))  # want: flask/raw-token-in-key
    if cached is None:
        cached = look_up(request.headers.get("Authorization", "")[7:])
        limits_cache.set(request.headers.get("Authorization"), cached, timeout=30)  # want: flask/raw-token-in-key
    return jsonify(cached)
