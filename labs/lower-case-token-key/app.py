from flask import Flask, g, request
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def by_token(*args, **kwargs):
    return f"{request.full_path} {request.headers.get('Authorization', '').lower()}"


@app.get("/api/profile")
@cache.cached(timeout=60, make_cache_key=by_token)
@bearers.bearer_required
def profile():
    return {**bearers.contact(g.user), "city": g.user["city"]}
