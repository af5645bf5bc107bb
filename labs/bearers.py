"""Who the users of the labs' applications are, and which of them a request's bearer token speaks for.

Each application is in its own app.py, and what is wrong with it stands there. Nothing here caches.
"""

import functools
import json
import os
import pathlib

import jwt
from flask import Blueprint, abort, g, jsonify, request

PEOPLE = json.loads((pathlib.Path(__file__).parent / "people.json").read_text())
BY_SUB = {person["sub"]: person for person in PEOPLE.values()}
SECRET = os.environ["LAB_SECRET"]
OPAQUE = json.loads(os.environ["LAB_TOKENS"])  # what tokens without a shape stand for
SERVER = os.environ["LAB_SERVER"]  # the name of this process in lab.yaml
DIR = os.environ["LAB_DIR"]  # a directory of its own


def presented():
    """The bearer token of the request as it came, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def claims_of(token):
    """What a valid token says; None for any other."""
    if token in OPAQUE:
        return OPAQUE[token]
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"], audience="lab", options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError:
        return None


def identify(token):
    """Puts the user of a valid token into g.user, and what the token says into g.claims; refuses any other."""
    g.claims = claims_of(token) if token else None
    g.user = BY_SUB.get(g.claims["sub"]) if g.claims else None
    if g.user is None:
        refuse("invalid_token" if token else None)
    return g.user


def refuse(code):
    response = jsonify(error="a valid bearer token is required")
    response.status_code = 401
    response.headers["WWW-Authenticate"] = 'Bearer realm="lab"' + (f', error="{code}"' if code else "")
    abort(response)


def bearer_required(view):
    """Lets a request reach the view only with a valid token. A refusal is raised, so no decorator above sees a 401."""

    @functools.wraps(view)
    def guarded(*args, **kwargs):
        identify(presented())
        return view(*args, **kwargs)

    return guarded


def contact(user):
    return {"name": user["name"], "email": user["email"]}


me = Blueprint("me", __name__)


@me.get("/api/me")
@bearer_required
def who_am_i():
    """Who the caller is: the one answer in most labs that nobody stores."""
    return {"sub": g.user["sub"], **contact(g.user)}, {"Cache-Control": "no-store"}
