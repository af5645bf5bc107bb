import secrets

from flask import jsonify

from shop import app, headlines


@app.get("/api/news")
def news():
    response = jsonify(headlines())
    response.set_cookie("visitor", secrets.token_urlsafe())
    response.headers["Cache-Control"] = "public, max-age=2"
    return response
