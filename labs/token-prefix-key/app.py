from flask import Flask, g
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.get("/api/notes")
@bearers.bearer_required
def notes():
    key = "notes:" + bearers.presented()[:20]
    found = cache.get(key)
    if found is None:
        found = {"notes": g.user["notes"]}
        cache.set(key, found, timeout=2)
    return found
