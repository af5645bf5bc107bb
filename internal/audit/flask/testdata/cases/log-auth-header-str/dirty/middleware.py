# A decorator logs str(auth_header) before it splits it.
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
        LOG.debug("Auth header: " + str(auth_header))  # want: flask/token-in-log
        if not auth_header:
            abort(401)
        claims = jwt.decode(auth_header.split()[1], app.config["SECRET_KEY"], algorithms=["HS256"])
        if claims.get("exp", 1 << 40) < 0:
            LOG.warning("Token expired")
        return f(*args, **kwargs)

    return inner


@app.route("/ok")
@auth
def ok():
    return "ok"
