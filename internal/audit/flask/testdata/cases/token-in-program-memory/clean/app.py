# A cache in the program's own memory has tokens for keys, which nobody reads from outside.
# not run: what stands in the memory of the program, nobody else reads
from cachetools import TTLCache
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
users = TTLCache(100, 60)


def find(token):
    return token.removesuffix("-token")


@app.route("/orders")
def orders():
    token = request.headers.get("Authorization", "")[7:]
    if token not in users:
        users[token] = find(token)
    if not users[token]:
        abort(401)
    return jsonify(users[token])
