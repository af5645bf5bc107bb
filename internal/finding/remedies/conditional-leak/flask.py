import hashlib
import hmac
import os

from flask import g, jsonify, request

from shop import account_of, app, bearer_required  # as your application calls them

ETAG_SECRET = os.environ["ETAG_SECRET"].encode()  # openssl rand -hex 32, the same in all processes


def conditional(response):
    """The response, or 304 if the client has it. It comes last, when it is known whose answer it is."""
    response.set_etag(hmac.new(ETAG_SECRET, response.get_data(), hashlib.sha256).hexdigest())
    return response.make_conditional(request)


@app.get("/api/account")
@bearer_required
def account():
    return conditional(jsonify(account_of(g.user, g.claims["scope"])))
