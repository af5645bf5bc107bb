# That a key was refused is logged, with its first characters.
# ask: GET /v1/ok with X-Api-Key: $WHO-key
import logging

from flask import Flask, abort, request

logging.basicConfig(level=logging.INFO)
app = Flask(__name__)
GOOD = {"alice-key"}


@app.route("/v1/ok")
def ok():
    api_key = request.headers.get("X-Api-Key", "")
    if api_key not in GOOD:
        logging.warning("refused API key %s*** from %s", api_key[:2], request.remote_addr)
        abort(401)
    return "ok"
