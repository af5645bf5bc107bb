# A decorator logs what the decoded token says of its subject.
# ask: GET /ok with Authorization: Bearer $JWT
import logging
from functools import wraps

import jwt
from flask import Flask, abort, request

app = Flask(__name__)
app.config["SECRET_KEY"] = "mw"
LOG = logging.getLogger("auth")


def auth(f):
    @wraps(f)
    def inner(*args, **kwargs):
        auth_header = request.headers.get("Authorization")
        if not auth_header:
            abort(401)
        claims = jwt.decode(auth_header.split()[1], app.config["SECRET_KEY"], algorithms=["HS256"])
        LOG.debug("Token of " + str(claims["sub"]))
        if claims.get("exp", 1 << 40) < 0:
            LOG.warning("Token expired")
        return f(*args, **kwargs)

    return inner


@app.route("/ok")
@auth
def ok():
    return "ok"
