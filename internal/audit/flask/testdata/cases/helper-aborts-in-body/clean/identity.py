from werkzeug.exceptions import Unauthorized

from flask import request

TOKENS = {"alice-token": "alice", "bob-token": "bob"}


def bearer_token():
    value = request.headers.get("Authorization")
    if value is None or not value.startswith("Bearer "):
        raise Unauthorized("Bearer token expected")
    return value[7:]


def current_account():
    try:
        return TOKENS[bearer_token()]
    except KeyError:
        raise Unauthorized("unknown token") from None
