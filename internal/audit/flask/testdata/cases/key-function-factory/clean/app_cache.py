from flask import request
from flask_caching import Cache
from flask_login import current_user

cache = Cache()


def key_for(name):
    def make():
        return f"{name}:{request.path}:{current_user.id}"

    return make
