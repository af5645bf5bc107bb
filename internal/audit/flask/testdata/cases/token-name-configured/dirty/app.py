# The configuration says what the token is called in the query.
# not run: where a token is read is a matter of the source, and no cache takes part
import os

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
TOKEN_NAME = os.environ.get("TOKEN_NAME", "shop_token")
PAGE_NAME = os.environ.get("PAGE_NAME", "page")
USERS = {"alice-token": "alice"}


def auth_required(f):
    def inner():
        token = request.headers.get("Authorization", "")[7:]
        extra = request.args.get(TOKEN_NAME)  # want: flask/token-in-url
        if USERS.get(token or extra) is None:
            abort(401)
        return f()
    return inner


@app.route("/orders")
@auth_required
def orders():
    return jsonify([])
