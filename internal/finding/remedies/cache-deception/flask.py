from flask import g

from shop import account_of, app, bearer_required  # as your application calls them


@app.get("/api/account")  # this path and no other: what follows it is 404
@bearer_required
def account():
    # And if somebody finds another spelling: it is not to be stored, under whatever name.
    return account_of(g.user, g.claims["scope"]), {"Cache-Control": "no-store"}
