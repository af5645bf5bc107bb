import jwt
from flask import abort, current_app, g, request


def get_current_user():
    if not hasattr(g, "_current_user"):
        g._current_user = _load()
    return g._current_user


def _load():
    raw = request.headers.get("Authorization", "")[7:]
    try:
        return jwt.decode(raw, current_app.config["SECRET_KEY"], algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError:
        abort(401)
