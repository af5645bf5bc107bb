"""A small shop API that caches as many Flask applications do, and so gives one user's answers to another.

mended.py is the same application without the bug. Never deploy this one.
"""

from flask import Flask, abort, g
from flask_caching import Cache

from accounts import CATALOG, colleagues, per_subject, require_bearer
from plumbing import counted, main, plumbing

app = Flask(__name__)
app.config["CACHE_TYPE"] = "SimpleCache"
app.register_blueprint(plumbing)
cache = Cache(app)


# Leaks to other users. The token is checked on every request, but the key is Flask-Caching's default, the path alone:
# whoever asks first within the 300 seconds has their profile shown to everyone who asks later.
@app.get("/api/profile")
@require_bearer
@cache.cached()
@counted
def profile():
    return g.user.profile()


# Leaks to the world. Here the cache also stands outside the check, and a hit never gets as far as require_bearer: bob,
# a forged token and no token at all are given alice's statement. A cold entry is still guarded, so a test that asks
# without a token first sees its 401 and passes. That 401 is not stored, because require_bearer raises it; had it been
# returned, this cache would keep it and refuse alice and bob too (see require_bearer).
@app.get("/api/statement")
@cache.cached()
@require_bearer
@counted
def statement():
    return g.user.statement()


# Clean. The key holds the user, and the check is outside the cache.
@app.get("/api/orders")
@require_bearer
@cache.cached(make_cache_key=per_subject)
@counted
def orders():
    return {"orders": g.user.orders}


# Leaks to other users, past an authorization check that is correct: the view looks among the caller's own orders, and
# on a cold entry bob gets a 404 for alice's. Once alice has read hers, bob is given it too, and the view never runs.
@app.get("/api/orders/<order_id>")
@require_bearer
@cache.cached()
@counted
def order(order_id):
    return g.user.order(order_id) or abort(404)


# Clean, and as public as it says: the same for everybody, so the path is the right key.
@app.get("/api/catalog")
@cache.cached()
@counted
def catalog():
    return {"catalog": CATALOG}, {"Cache-Control": "public, max-age=60"}


# Clean. Not cached here; the response lets a private cache keep it for half a minute, and a gateway with one private
# cache per bearer may take it at its word. X-Origin-Serial tells whether Flask was reached.
@app.get("/api/settings")
@require_bearer
@counted
def settings():
    return g.user.settings(), {"Cache-Control": "private, max-age=30", "X-Origin-Serial": g.serial}


# Clean, though it looks like a leak: alice's address in bob's answer, from an entry that alice filled. Bob may read
# it, and gets the same when he asks first. The path is enough of a key while there is one organisation, no longer.
@app.get("/api/team")
@require_bearer
@cache.cached()
@counted
def team():
    return {"team": colleagues(g.user)}


# Not cached here, but every shared cache on the way is invited to: "public" lifts the ban on reusing the response to a
# request with Authorization (RFC 9111 §3.5), and no Vary says that the answer depends on who asks.
@app.get("/api/export")
@require_bearer
@counted
def export():
    everything = {"profile": g.user.profile(), "statement": g.user.statement(), "orders": g.user.orders}
    return everything, {"Cache-Control": "public, max-age=60"}


if __name__ == "__main__":
    main(app, cache)
