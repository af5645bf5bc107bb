from flask import Flask, g, request
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def by_role(*args, **kwargs):
    return f"{request.full_path} {g.user['role']}"


@app.get("/api/profile")
@bearers.bearer_required
@cache.cached(timeout=60, make_cache_key=by_role)
def profile():
    return {**bearers.contact(g.user), "city": g.user["city"]}
