import hashlib
import hmac
import json
import os

from flask import g, make_response, request

from shop import account_of, app, bearer_required, cache  # as your application calls them

# Of its own, and the same in all processes that share the cache: openssl rand -hex 32
CACHE_KEY_SECRET = os.environ["CACHE_KEY_SECRET"].encode()


def per_caller(*args, **kwargs):
    """The key of what this caller gets under this URL. It holds no token, and nobody can guess it."""
    read = [
        request.path,
        sorted(request.args.lists()),
        g.claims["iss"],  # as the check of the token found them, never as the request has them
        g.claims["sub"],
        sorted(g.claims["scope"].split()),
        # and whatever else the view looks at: a tenant, a role, Accept-Language
    ]
    return hmac.new(CACHE_KEY_SECRET, json.dumps(read).encode(), hashlib.sha256).hexdigest()


def is_good(answer):
    """What may be stored. It is given what the view returns: a dict, a tuple, a text, a response."""
    return make_response(answer).status_code == 200


@app.get("/api/account")
@bearer_required  # above the cache: a hit passes the same check as a miss
@cache.cached(timeout=60, make_cache_key=per_caller, response_filter=is_good)
def account():
    return account_of(g.user, g.claims["scope"])
