"""The shop's users and their orders, and the bearer tokens (JWT, HS256) that speak for them."""

import functools
import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass

import jwt
from flask import abort, g, jsonify, request

ISSUER = "https://login.example.com"
AUDIENCE = "https://shop.example.com/api"
SECRET = os.environ.get("EXAMPLE_JWT_SECRET") or secrets.token_hex(32)

# Keys the digests in cache keys. It may be random per process because SimpleCache lives in the process too; a cache
# that several processes share needs a key they share.
CACHE_KEY_SECRET = secrets.token_bytes(32)

HOUR = 3600


@dataclass(frozen=True)
class User:
    sub: str
    name: str
    email: str
    organisation: str
    scope: str
    balance: str
    language: str
    orders: tuple

    def contact(self):
        return {"name": self.name, "email": self.email}

    def profile(self):
        return {"sub": self.sub, "organisation": self.organisation, **self.contact()}

    def statement(self):
        return {"owner": self.contact(), "balance": self.balance, "currency": "EUR"}

    def settings(self):
        return {"notify": self.email, "language": self.language}

    def order(self, order_id):
        return next((order for order in self.orders if order["id"] == order_id), None)


USERS = {
    "alice": User(
        sub="user-7c1f40d2",
        name="Alice Lindqvist",
        email="alice@example.com",
        organisation="org-northwind",
        scope="orders:read profile:read",
        balance="18204.55",
        language="sv-SE",
        orders=(
            {"id": "ord-58213", "item": "Oak desk", "total": "649.00", "buyer": "alice@example.com"},
            {"id": "ord-58377", "item": "Desk lamp", "total": "89.50", "buyer": "alice@example.com"},
        ),
    ),
    "bob": User(
        sub="user-e95b0a36",
        name="Bob Okafor",
        email="bob@example.com",
        organisation="org-northwind",
        scope="orders:read profile:read",
        balance="731.20",
        language="en-GB",
        orders=({"id": "ord-60442", "item": "Office chair", "total": "312.00", "buyer": "bob@example.com"},),
    ),
}

CATALOG = [
    {"item": "Oak desk", "price": "649.00"},
    {"item": "Desk lamp", "price": "89.50"},
    {"item": "Office chair", "price": "312.00"},
]


def colleagues(user):
    return [u.contact() for u in USERS.values() if u.organisation == user.organisation]


def issue_token(user, expired=False):
    """A token for an hour: the one that begins now, or one that is over for an hour."""
    issued = int(time.time()) - (2 * HOUR if expired else 0)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": user.sub,
        "name": user.name,
        "email": user.email,
        "scope": user.scope,
        "iat": issued,
        "exp": issued + HOUR,
    }
    return jwt.encode(claims, SECRET, algorithm="HS256")


def require_bearer(view):
    """Lets a request reach the view only with a valid token; the view finds its user in g.user.

    A refusal is raised, not returned, and that matters. Flask-Caching (2.0.2 and 2.4.1) stores whatever the function
    below it returns, a 401 as well as a 200, but nothing for an exception. Were the 401 returned, a cache decorator
    above this one would keep it, and one anonymous request would lock out every user until the entry expires.
    """

    @functools.wraps(view)
    def guarded(*args, **kwargs):
        g.user = authenticate()
        return view(*args, **kwargs)

    return guarded


def authenticate():
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        refuse('Bearer realm="shop"')  # RFC 6750 §3.1: no error code for a request that presents no token
    try:
        claims = jwt.decode(
            token,
            SECRET,
            algorithms=["HS256"],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": ["exp", "sub"]},
        )
    except jwt.InvalidTokenError:
        refuse('Bearer realm="shop", error="invalid_token"')
    for user in USERS.values():
        if user.sub == claims["sub"]:
            return user
    refuse('Bearer realm="shop", error="invalid_token"')


def refuse(challenge):
    response = jsonify(error="a valid bearer token is required")
    response.status_code = 401
    response.headers["WWW-Authenticate"] = challenge
    abort(response)


def per_subject(*args, **kwargs):
    """A cache key for what one user may read: the path, and a digest of the subject that require_bearer verified.

    Not the token: keys turn up in MONITOR, dumps and logs, and a renewed token should find its user's entries. Not the
    query either: the views here read none, and one that does needs it in its key. A service that trusts several
    issuers puts the issuer before the subject.
    """
    return cache_key("subject", g.user.sub)


def per_organisation(*args, **kwargs):
    """A cache key for what everybody in an organisation may read."""
    return cache_key("organisation", g.user.organisation)


def cache_key(kind, reader):
    digest = hmac.new(CACHE_KEY_SECRET, f"{kind}:{reader}".encode(), hashlib.sha256).hexdigest()
    return f"{request.path} {digest}"
