# A before_request of the application asks for a token; the cached answer is everybody's.
# ask: GET /machines with Authorization: Bearer $WHO-token
from flask import Flask, abort, g, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 10})
TENANTS = {"Bearer alice-token": "acme", "Bearer bob-token": "globex"}
MACHINES = {"acme": ["press", "lathe"], "globex": ["laser"]}


@app.before_request
def find_tenant():
    g.tenant = TENANTS.get(request.headers.get("Authorization"))
    if not g.tenant:
        abort(401)


@app.route("/machines")
@cache.cached()
def machines():
    return jsonify(kinds=sorted({m for of_tenant in MACHINES.values() for m in of_tenant}))
