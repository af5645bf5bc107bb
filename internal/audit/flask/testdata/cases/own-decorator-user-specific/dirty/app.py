# An own caching decorator has a switch for personal views, and this one does not set it.
# ask: GET /users/me with Authorization: Bearer $WHO-token
from flask import Flask, jsonify, request

from web.auth import token_required
from web.cache import cached_response

app = Flask(__name__)
EMAILS = {"alice": "alice@example.org", "bob": "bob@example.org"}


@app.route("/users/me")
@token_required
@cached_response(ttl=60)  # want: flask/unkeyed-cache
def me():
    return jsonify(email=EMAILS[request.current_user_id])


@app.route("/users/count")
@token_required
@cached_response(ttl=600)
def count():
    return jsonify(count=len(EMAILS))
