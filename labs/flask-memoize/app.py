from flask import Flask, g
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@cache.memoize(timeout=2)
def figures(days):
    return {"for": g.user["name"], "spent": g.user["balance"], "days": days}


@app.get("/api/dashboard")
@bearers.bearer_required
def dashboard():
    return figures(30)
