# A cookie of the program's own names the session, and its digest is in the key.
# ask: GET /parcels with Cookie: sid=$WHO-key
from hashlib import blake2b

from flask import Flask, abort, g, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
SESSIONS = {"alice-key": "alice", "bob-key": "bob"}
PARCELS = {"alice": ["PX1"], "bob": ["PX2", "PX3"]}


@app.before_request
def resume():
    g.owner = SESSIONS.get(request.cookies.get("sid"))
    if g.owner is None:
        abort(401)


def session_key():
    return "parcels:" + blake2b(request.cookies["sid"].encode()).hexdigest()


@app.route("/parcels")
@cache.cached(timeout=60, key_prefix=session_key)
def parcels():
    return jsonify(PARCELS[g.owner])
