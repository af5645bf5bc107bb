import secrets

from flask import jsonify

from shop import app, cache, headlines


@app.get("/api/news")
@cache.cached(timeout=3, query_string=True)
def news():
    response = jsonify(headlines())
    response.set_cookie("visitor", secrets.token_urlsafe())
    return response
