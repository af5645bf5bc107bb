from flask import Flask, request
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.get("/api/search")
@cache.cached(timeout=2)
def search():
    q = request.args.get("q", "")
    return {"query": q, "hits": [item for item in ["Oak desk", "Desk lamp"] if q.lower() in item.lower()]}
