# The subject goes to Sentry as an extra, and into the record of the log as another.
# not run: nobody reads what Sentry is told
import logging

import jwt
import sentry_sdk
from flask import Flask, request

app = Flask(__name__)
app.config["SECRET_KEY"] = "sentry"
logger = logging.getLogger(__name__)


@app.before_request
def context():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    claims = jwt.decode(token, app.config["SECRET_KEY"], algorithms=["HS256"])
    sentry_sdk.set_extra("subject", claims["sub"])
    logger.info("authenticated", extra={"subject": claims["sub"]})


@app.route("/")
def index():
    return "ok"
