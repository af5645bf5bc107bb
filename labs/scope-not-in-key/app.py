from flask import Flask, g, request
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def by_subject(*args, **kwargs):
    return f"{request.full_path} {g.user['sub']}"


@app.get("/api/account")
@bearers.bearer_required
@cache.cached(timeout=60, make_cache_key=by_subject)
def account():
    answer = {"name": g.user["name"], "city": g.user["city"]}
    if "payments:read" in g.claims["scope"].split():
        answer.update(iban=g.user["iban"], balance=g.user["balance"])
    return answer
