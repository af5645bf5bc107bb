import functools
import json

import redis

conn = redis.StrictRedis(decode_responses=True)


def cache_response(ttl=30):
    def decorate(f):
        @functools.wraps(f)
        def wrapper(*args, **kwargs):
            key = f"{f.__module__}.{f.__name__}:{args}:{sorted(kwargs.items())}"
            hit = conn.get(key)
            if hit:
                return json.loads(hit)
            answer = f(*args, **kwargs)
            conn.setex(key, ttl, json.dumps(answer))
            return answer

        return wrapper

    return decorate
