from flask import Flask, abort, g
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.get("/api/orders")
@bearers.bearer_required
def orders():
    listed = {"orders": [{"id": order["id"], "item": order["item"]} for order in g.user["orders"]]}
    return listed, {"Cache-Control": "no-store"}


@app.get("/api/orders/<order_id>")
@bearers.bearer_required
@cache.cached(timeout=300)
def order(order_id):
    return next((order for order in g.user["orders"] if order["id"] == order_id), None) or abort(404)
