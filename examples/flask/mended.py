"""The same shop API as leaking.py, cached so that nobody gets what was made for somebody else."""

from flask import Flask, abort, g
from flask_caching import Cache

from accounts import CATALOG, colleagues, per_organisation, per_subject, require_bearer
from plumbing import counted, main, plumbing

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
app.register_blueprint(plumbing)
cache = Cache(app)


# Tells every cache between here and the reader what the caches in this file know already. "private" keeps the response
# out of shared caches; Vary is for the private ones, since a browser's outlives a change of user. One hook for all
# routes, so that a new one cannot forget it.
@app.after_request
def keep_private(response):
    if response.status_code == 401:
        response.cache_control.no_store = True
    elif "user" in g:
        response.cache_control.private = True
        response.vary.add("Authorization")
    return response


# Keyed by the user.
@app.get("/api/profile")
@require_bearer
@cache.cached(make_cache_key=per_subject)
@counted
def profile():
    return g.user.profile()


# Checked first, then looked up, and keyed by the user: a hit has passed the same check as a miss.
@app.get("/api/statement")
@require_bearer
@cache.cached(make_cache_key=per_subject)
@counted
def statement():
    return g.user.statement()


# Unchanged.
@app.get("/api/orders")
@require_bearer
@cache.cached(make_cache_key=per_subject)
@counted
def orders():
    return {"orders": g.user.orders}


# Keyed by the user, so that only a reader for whom the view found the order can hit. The 404 is raised, so not stored.
@app.get("/api/orders/<order_id>")
@require_bearer
@cache.cached(make_cache_key=per_subject)
@counted
def order(order_id):
    return g.user.order(order_id) or abort(404)


# Unchanged: public.
@app.get("/api/catalog")
@cache.cached()
@counted
def catalog():
    return {"catalog": CATALOG}, {"Cache-Control": "public, max-age=60"}


# Unchanged, except that keep_private adds Vary.
@app.get("/api/settings")
@require_bearer
@counted
def settings():
    return g.user.settings(), {"Cache-Control": "private, max-age=30", "X-Origin-Serial": g.serial}


# Still one entry for everybody who may read it. The key now says who that is, and a second organisation is safe.
@app.get("/api/team")
@require_bearer
@cache.cached(make_cache_key=per_organisation)
@counted
def team():
    return {"team": colleagues(g.user)}


# No longer public: keep_private marks it.
@app.get("/api/export")
@require_bearer
@counted
def export():
    return {"profile": g.user.profile(), "statement": g.user.statement(), "orders": g.user.orders}


if __name__ == "__main__":
    main(app, cache)
