from functools import wraps

from flask import abort, g, request

USERS = {"alice-token": "alice", "bob-token": "bob"}


def get_token_from_header():
    header = request.headers.get("Authorization", None)
    if not header:
        abort(401, description="Authorization header is expected")
    parts = header.split()
    if parts[0].lower() != "bearer" or len(parts) != 2:
        abort(401, description="Authorization header must be a bearer token")
    return parts[1]


def requires_auth(f):
    @wraps(f)
    def wrapper(*args, **kwargs):
        token = get_token_from_header()
        if token not in USERS:
            abort(401)
        g.user = USERS[token]
        return f(*args, **kwargs)

    return wrapper
