from flask import g

from shop import account_of, app, bearer_required


@app.get("/api/account", defaults={"rest": ""})
@app.get("/api/account/<path:rest>")
@bearer_required
def account(rest):
    return account_of(g.user, g.claims["scope"])
