from flask import g

from shop import account_of, app, bearer_required, cache


@app.get("/api/account")
@cache.cached(timeout=2)
@bearer_required
def account():
    return account_of(g.user, g.claims["scope"])
