# The token is part of a key in Redis, by format.
# ask: GET /limits with Authorization: Bearer $WHO-token
import json

from flask import Flask, abort, jsonify, request
from redis import Redis

app = Flask(__name__)
app.config["SECRET_KEY"] = "salt"
redis = Redis(decode_responses=True)
PLANS = {"alice-token": ("alice", 1000), "bob-token": ("bob", 10)}


def look_up(token):
    if token not in PLANS:
        abort(401)
    return {"limit": PLANS[token][1]}


@app.route("/limits")
def limits():
    token = request.headers.get("Authorization", "").split(" ")[-1]
    key = "limits:{}".format(token)
    cached = redis.get(key)  # want: flask/raw-token-in-key
    if cached:
        return jsonify(json.loads(cached))
    value = look_up(token)
    redis.set(key, json.dumps(value), ex=30)  # want: flask/raw-token-in-key
    return jsonify(value)
