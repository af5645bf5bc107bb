from flask import g

from shop import account_of, app, bearer_required


@app.get("/api/account")
@bearer_required
def account():
    return account_of(g.user, g.claims["scope"]), {"Cache-Control": "max-age=2, public"}
