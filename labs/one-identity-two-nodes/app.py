from flask import Flask, g
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.get("/api/statement")
@cache.cached(timeout=60, query_string=True)
@bearers.bearer_required
def statement():
    return {"owner": bearers.contact(g.user), "balance": g.user["balance"]}
