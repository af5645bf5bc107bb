# loguru's logger, keyword argument.
# ask: GET /check with Authorization: Bearer $WHO-token

from flask import Flask, abort, jsonify, request
from loguru import logger

app = Flask(__name__)
KNOWN = {"alice-token": "alice", "bob-token": "bob"}


@app.route("/check")
def check():
    token = request.headers.get("Authorization", "").replace("Bearer ", "")
    if not token:
        abort(401)
    logger.info("checking {t}", t=token)  # want: flask/token-in-log
    return jsonify(ok=token in KNOWN)
