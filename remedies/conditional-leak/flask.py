from flask import g, jsonify, request

from shop import account_of, app, bearer_required

etags = {}


@app.before_request
def unchanged():
    if any(request.if_none_match.contains(etag) for etag in etags.get(request.path, ())):
        return "", 304


@app.get("/api/account")
@bearer_required
def account():
    response = jsonify(account_of(g.user, g.claims["scope"]))
    response.add_etag()
    etags.setdefault(request.path, set()).add(response.get_etag()[0])
    return response
