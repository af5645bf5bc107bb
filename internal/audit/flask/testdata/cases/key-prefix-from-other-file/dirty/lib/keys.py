from flask import request


def _normalised_query():
    return "&".join(f"{k}={v}" for k, v in sorted(request.args.items()))


def user_cache_key(*args, **kwargs):
    user = kwargs.get("user_id", "")
    return f"{user}|{request.path}|{_normalised_query()}"
