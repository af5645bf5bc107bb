from flask import request
from flask_caching import Cache

cache = Cache()


def key_for(name):
    def make():
        return f"{name}:{request.path}"

    return make
