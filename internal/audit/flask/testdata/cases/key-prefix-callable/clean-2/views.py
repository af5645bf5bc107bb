# The key is the hash of the path and the session's user, made elsewhere.
# ask: GET /inbox with session user_id=$ID
from flask import Flask, abort, jsonify, request, session
from flask_caching import Cache

from keys import request_key

app = Flask(__name__)
app.config.update(SECRET_KEY="dev", CACHE_TYPE="SimpleCache")
cache = Cache(app)

MAIL = {1: ["Your invoice"], 2: ["Password changed", "Welcome"]}


@app.before_request
def require_login():
    if "user_id" not in session:
        abort(401)


@app.get("/inbox")
@cache.cached(timeout=5, key_prefix=request_key)
def inbox():
    return jsonify(MAIL.get(session["user_id"], []))
