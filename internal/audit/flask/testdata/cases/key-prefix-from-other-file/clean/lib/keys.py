from flask import request
from flask_jwt_extended import get_jwt_identity


def _normalised_query():
    return "&".join(f"{k}={v}" for k, v in sorted(request.args.items()))


def user_cache_key(*args, **kwargs):
    user = get_jwt_identity()
    return f"{user}|{request.path}|{_normalised_query()}"
