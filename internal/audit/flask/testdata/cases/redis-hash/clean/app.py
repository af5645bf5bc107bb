# A field of a hash in Redis, one for each user.
# ask: GET /preferences with session user_id=$ID
import json

from flask import Flask, abort, jsonify, session
from redis import StrictRedis

app = Flask(__name__)
app.secret_key = "hash"
redis_client = StrictRedis.from_url("redis://127.0.0.1:6379/1")
PREFERENCES = {1: {"mail": True}, 2: {"mail": False}}


@app.route("/preferences")
def preferences():
    uid = session.get("user_id")
    if uid is None:
        abort(401)
    stored = redis_client.hget("preferences", uid)
    if stored:
        return jsonify(json.loads(stored))
    value = PREFERENCES[uid]
    redis_client.hset("preferences", uid, json.dumps(value))
    return jsonify(value)
