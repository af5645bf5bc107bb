# The token is asked for in the body, in a cached view.
# ask: GET /me with Authorization: Bearer $WHO-token
from authlib.integrations.flask_oauth2 import ResourceProtector
from authlib.oauth2.rfc6750 import BearerTokenValidator
from flask import Flask, jsonify
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


class Token:
    scope = "profile"

    def __init__(self, user):
        self.user = user

    def is_expired(self):
        return False

    def is_revoked(self):
        return False

    def get_scope(self):
        return self.scope


TOKENS = {"alice-token": Token("alice"), "bob-token": Token("bob")}


class Validator(BearerTokenValidator):
    def authenticate_token(self, token_string):
        return TOKENS.get(token_string)


require_oauth = ResourceProtector()
require_oauth.register_token_validator(Validator())


@app.route("/me")
@cache.cached(timeout=60)  # want: flask/unkeyed-cache, flask/cache-before-auth
def me():
    with require_oauth.acquire("profile") as token:
        return jsonify(token.user)
