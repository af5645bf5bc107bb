from flask import Flask, g, request
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def by_organisation(*args, **kwargs):
    return f"{request.path} {g.user['org']}"


@app.get("/api/team")
@bearers.bearer_required
@cache.cached(timeout=60, make_cache_key=by_organisation)
def team():
    return {"team": [bearers.contact(p) for p in bearers.PEOPLE.values() if p["org"] == g.user["org"]]}
