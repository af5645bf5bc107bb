# A base Resource asks for the token by method_decorators; the method below is cached by path, the answer the caller's.
# ask: GET /me/keys with Authorization: Bearer $WHO-token
from functools import wraps

from flask import Flask, g, request
from flask_caching import Cache
from flask_restful import Api, Resource, abort

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
KEYS_OF = {"alice": ["ssh-ed25519 A"], "bob": ["ssh-rsa B"]}


def authenticate(method):
    @wraps(method)
    def wrapper(*args, **kwargs):
        value = request.headers.get("Authorization", "")
        name = value.replace("Bearer ", "").replace("-token", "")
        if name not in KEYS_OF:
            abort(401, message="who are you?")
        g.current_user = name
        return method(*args, **kwargs)

    return wrapper


class Protected(Resource):
    method_decorators = [authenticate]


class PublicKeys(Protected):
    @cache.cached(timeout=60)  # want: flask/unkeyed-cache
    def get(self):
        return {"keys": KEYS_OF[g.current_user]}


api = Api(app)
api.add_resource(PublicKeys, "/me/keys")
