import threading
import time

from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
lock = threading.Lock()
recent = []  # times of the last requests of anybody, guarded by lock


@app.before_request
def limit():
    now = time.monotonic()
    with lock:
        recent[:] = [t for t in recent if t > now - 1]
        if len(recent) >= 10:
            return {"error": "too many requests"}, 429, {"Retry-After": "1"}
        recent.append(now)


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    return {**bearers.contact(g.user), "city": g.user["city"]}


@app.get("/api/orders")
@bearers.bearer_required
def orders():
    return {"orders": g.user["orders"]}
