from shop import BY_SUB, account_of, app, cache, claims_of, presented


@app.get("/api/account")
@cache.cached(timeout=2, query_string=True)
def account():
    claims = claims_of(presented())
    if claims is None:
        return {"error": "a valid bearer token is required"}, 401
    return account_of(BY_SUB[claims["sub"]], claims["scope"])
