import secrets

from flask import jsonify, request

from shop import app, cache, headlines  # as your application calls them

# What is stored is the same for everybody, and no response: that has fields, with cookies among them.
stored_headlines = cache.cached(timeout=60, key_prefix="headlines")(headlines)


@app.get("/api/news")
def news():
    response = jsonify(stored_headlines())
    if "visitor" not in request.cookies:
        response.set_cookie("visitor", secrets.token_urlsafe(), secure=True, httponly=True)
        response.headers["Cache-Control"] = "no-store"
    return response
