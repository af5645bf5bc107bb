# Types, walrus, match and a star-expression: what is new in the language does not hide that the key is the path.
# ask: GET /v3/inbox with Authorization: Bearer $WHO-token
from __future__ import annotations

from typing import Any

from flask import Flask, abort, request
from flask_caching import Cache

app = Flask(__name__)
cache: Cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
MAIL: dict[str, list[str]] = {"alice": ["1"], "bob": ["2", "3"]}


def caller() -> str:
    match request.headers.get("Authorization", "").split():
        case ["Bearer", token] if (name := token.removesuffix("-token")) in MAIL:
            return name
        case [_, *_] | []:
            abort(401)
    raise AssertionError


@app.before_request
def check(*_: Any) -> None:
    caller()


def key(*args: Any, **kwargs: Any) -> str:
    return f"{request.path}|{'|'.join(args)}"


@app.get("/v3/inbox")
@cache.cached(  # want: flask/unkeyed-cache
    timeout=60,
    make_cache_key=key,
)
def inbox(*, limit: int = 10) -> dict[str, list[str]]:
    return {"mail": [*MAIL[caller()]][:limit]}
