from functools import wraps
from hmac import compare_digest

from flask import abort, request

API_KEYS = {"alice-key": {"prices", "orders"}, "bob-key": {"orders"}}


def _scopes_of(key):
    for known, scopes in API_KEYS.items():
        if compare_digest(known, key):
            return scopes
    return set()


def require_api_key(scope):
    def decorator(func):
        @wraps(func)
        def wrapper(*args, **kwargs):
            if scope not in _scopes_of(request.headers.get("X-API-KEY", "")):
                abort(403)
            return func(*args, **kwargs)

        return wrapper

    return decorator
