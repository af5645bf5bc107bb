# An own Redis decorator by path and query, below the decorator that holds the library's owner against the token.
# ask: GET /users/alice/library?limit=5 with Authorization: Bearer $WHO-token
import functools
import json

import redis
from flask import Flask, abort, request

app = Flask(__name__)
conn = redis.Redis.from_url("redis://localhost")
LIBRARY = {"alice": ["Blue", "Hejira"], "bob": ["Kid A"]}


def redis_cached(ttl):
    def outer(func):
        @functools.wraps(func)
        def inner(*args, **kwargs):
            key = "api:%s:%s" % (request.path, sorted(request.args.items()))
            stored = conn.get(key)
            if stored:
                return json.loads(stored)
            fresh = func(*args, **kwargs)
            conn.set(key, json.dumps(fresh), ex=ttl)
            return fresh

        return inner

    return outer


def check_owner(name):
    if request.headers.get("Authorization") != f"Bearer {name}-token":
        abort(403)


def owner_only(func):
    @functools.wraps(func)
    def inner(name):
        check_owner(name)
        return func(name)

    return inner


@app.route("/users/<name>/library")
@owner_only
@redis_cached(ttl=5)
def library(name):
    return {"albums": LIBRARY[name][: request.args.get("limit", 10, type=int)]}
