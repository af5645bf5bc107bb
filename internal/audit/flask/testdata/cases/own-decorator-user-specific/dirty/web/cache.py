from functools import wraps

from flask import make_response, request

_responses = {}


def cached_response(ttl, user_specific=False):
    def decorator(f):
        @wraps(f)
        def wrapper(*args, **kwargs):
            key = f"{f.__name__}:{request.full_path}"
            if user_specific:
                key += f":user={request.current_user_id}"
            if key in _responses:
                return make_response(*_responses[key])
            response = make_response(f(*args, **kwargs))
            if response.status_code == 200:
                _responses[key] = (response.get_data(), 200, {"Content-Type": response.content_type})
            return response

        return wrapper

    return decorator
