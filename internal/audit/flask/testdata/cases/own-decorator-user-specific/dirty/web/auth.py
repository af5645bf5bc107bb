from functools import wraps

from flask import jsonify, request


def token_required(f):
    @wraps(f)
    def decorated(*args, **kwargs):
        header = request.headers.get("Authorization", "")
        name, _, kind = header.removeprefix("Bearer ").partition("-")
        if kind != "token":
            return jsonify(error="Unauthorized"), 401
        request.current_user_id = name
        return f(*args, **kwargs)

    return decorated
