# A key is called after the token behind it.
# ask: GET /orders with Authorization: Bearer $WHO-token
import redis
from flask import Flask, jsonify, request

app = Flask(__name__)
r = redis.Redis()


def user_of(token):
    stored = r.get("token_" + token)  # want: flask/raw-token-in-key
    return stored.decode() if stored else "nobody"


@app.route("/orders")
def orders():
    return jsonify(user_of(request.headers.get("Authorization", "")[7:]))
