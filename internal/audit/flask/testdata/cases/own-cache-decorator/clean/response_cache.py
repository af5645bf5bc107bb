import functools
import json

import redis
from flask import request
from flask_jwt_extended import get_jwt_identity

conn = redis.StrictRedis(decode_responses=True)


def cache_response(ttl=30):
    def decorate(f):
        @functools.wraps(f)
        def wrapper(*args, **kwargs):
            key = "view:" + get_jwt_identity() + ":" + request.path
            hit = conn.get(key)
            if hit:
                return json.loads(hit)
            answer = f(*args, **kwargs)
            conn.setex(key, ttl, json.dumps(answer))
            return answer

        return wrapper

    return decorate
