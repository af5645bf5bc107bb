# A cookie of the program's own names the session; the cached answer is its owner's.
# ask: GET /parcels with Cookie: sid=$WHO-key
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


@app.route("/parcels")
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def parcels():
    return jsonify(PARCELS[g.owner])
