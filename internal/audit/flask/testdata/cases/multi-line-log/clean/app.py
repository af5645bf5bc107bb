# A call over several lines logs whether there was a token.
# ask: GET /status with Authorization: Bearer $WHO-token
import logging

from flask import Flask, request

logging.basicConfig(level=logging.DEBUG)
app = Flask(__name__)
log = logging.getLogger(__name__)


@app.route("/status")
def status():
    bearer = request.headers.get("Authorization", default="")
    token = bearer.split(" ")[-1]
    log.info(
        "status asked from %(address)s with %(token)s",
        {
            "address": request.remote_addr,
            "token": "a token" if token else "no token",
        },
    )
    return "fine"
