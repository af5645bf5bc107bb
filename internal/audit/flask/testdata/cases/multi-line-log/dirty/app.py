# A call over several lines logs the token; its first line is the one to blame.
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
    log.info(  # want: flask/token-in-log
        "status asked from %(address)s with %(token)s",
        {
            "address": request.remote_addr,
            "token": token,
        },
    )
    return "fine"
