# A key has a digest of the token.
# ask: GET /orders with Authorization: Bearer $WHO-token
import hashlib

import redis
from flask import Flask, jsonify, request

app = Flask(__name__)
r = redis.Redis()


def user_of(token):
    stored = r.get("token_" + hashlib.sha256(token.encode()).hexdigest())
    return stored.decode() if stored else "nobody"


@app.route("/orders")
def orders():
    return jsonify(user_of(request.headers.get("Authorization", "")[7:]))
