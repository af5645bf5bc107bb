# No caller hides in the lambda.
# ask: GET /lights with session room=$WHO
from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "lambda"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LIGHTS = [("alice", "desk"), ("bob", "ceiling"), ("alice", "door")]

is_mine = lambda light: light[1] != "door"  # noqa: E731


@app.before_request
def checked_in():
    if not session.get("room"):
        abort(401)


@app.route("/lights")
@cache.cached(timeout=5)
def lights():
    return jsonify([name for owner, name in filter(is_mine, LIGHTS)])
