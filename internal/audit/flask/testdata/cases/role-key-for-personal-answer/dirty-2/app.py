# The key is the tenant; the answer is the person's.
# ask: GET /tasks with Authorization: Bearer $WHO-token
from flask import Flask, abort, g, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
PEOPLE = {
    "alice-token": {"name": "alice", "role": "worker", "tenant": "acme", "tasks": ["weld"]},
    "bob-token": {"name": "bob", "role": "worker", "tenant": "acme", "tasks": ["paint"]},
}
BY_ROLE = {"worker": ["sweep"], "boss": ["plan"]}
BY_TENANT = {"acme": ["stocktaking"]}


@app.before_request
def authenticate():
    g.person = PEOPLE.get(request.headers.get("Authorization", "")[7:])
    if g.person is None:
        abort(401)


def key():
    return f"tasks:{g.person['tenant']}"


@app.route("/tasks")
@cache.cached(timeout=60, key_prefix=key)  # want: flask/unkeyed-cache
def tasks():
    return jsonify(g.person["tasks"])
