from flask import Flask, abort, g, request
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
PROJECTS = {"northwind": ["windmill-4410", "granary-9021"], "southwind": ["sailcloth-7735"]}


@app.get("/api/projects")
@bearers.bearer_required
@cache.cached(timeout=60, query_string=True)
def projects():
    tenant = request.headers.get("X-Tenant")
    if tenant != g.user["org"]:
        abort(403)
    return {"tenant": tenant, "projects": PROJECTS[tenant]}
