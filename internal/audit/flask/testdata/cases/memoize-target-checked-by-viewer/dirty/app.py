# The memoized function has the profile's number as its argument, and decides by who looks at it.
# ask: GET /profile/1 with session uid=$ID
from flask import Flask, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "viewer"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
INVITES = {1: ["K7-ALICE"], 2: ["Q2-BOB"]}


@cache.memoize(30)  # want: flask/memoize-without-identity
def invite_codes(uid):
    if session.get("uid") != uid:
        return []
    return INVITES[uid]


@app.route("/profile/<int:uid>")
def profile(uid):
    return jsonify(invites=invite_codes(uid))
