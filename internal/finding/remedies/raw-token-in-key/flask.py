import hashlib
import hmac
import json
import os

from flask import g, request

from shop import account_of, app, bearer_required, cache, presented  # as your application calls them

# Of its own, and the same in all processes that share the cache: openssl rand -hex 32
CACHE_KEY_SECRET = os.environ["CACHE_KEY_SECRET"].encode()


def per_token(*args, **kwargs):
    """The key of what this token gets under this URL. Nobody can use it, or learn the token from it."""
    read = [request.path, sorted(request.args.lists()), presented()]
    return hmac.new(CACHE_KEY_SECRET, json.dumps(read).encode(), hashlib.sha256).hexdigest()


@app.get("/api/account")
@bearer_required
@cache.cached(timeout=60, make_cache_key=per_token)
def account():
    return account_of(g.user, g.claims["scope"])
