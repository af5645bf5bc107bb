from flask import Flask, g
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.get("/api/profile")
@bearers.bearer_required
@cache.cached(timeout=60, query_string=True)
def profile():
    return {**bearers.contact(g.user), "city": g.user["city"]}
