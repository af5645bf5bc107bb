from flask import g, request

from shop import account_of, app, bearer_required, cache


def by_subject(*args, **kwargs):
    return f"{request.full_path} {g.claims['sub']}"


@app.get("/api/account")
@bearer_required
@cache.cached(timeout=2, make_cache_key=by_subject)
def account():
    return account_of(g.user, g.claims["scope"])
