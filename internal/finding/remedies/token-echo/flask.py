from flask import g

from shop import app, bearer_required  # as your application calls them


@app.get("/api/session")
@bearer_required
def session():
    # Which token it was is told by what it says. No field of the request is repeated, in no error either.
    return {"user": g.user["name"], "token": {name: g.claims[name] for name in ("jti", "scope", "exp")}}
