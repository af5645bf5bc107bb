import time

from flask import Flask, abort, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
started = time.monotonic()


def behind():
    return bearers.SERVER == "replica" and time.monotonic() < started + 2


@app.get("/api/orders")
@bearers.bearer_required
def orders():
    return {"orders": g.user["orders"][: 1 if behind() else None]}


@app.get("/api/latest")
@bearers.bearer_required
def latest():
    if behind():
        abort(404)
    return g.user["orders"][-1]
