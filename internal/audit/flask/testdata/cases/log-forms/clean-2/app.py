# %-formatting of a digest of the token.
# ask: GET /check with Authorization: Bearer $WHO-token
import hashlib
import logging

from flask import Flask, abort, jsonify, request

log = logging.getLogger("check")
app = Flask(__name__)
KNOWN = {"alice-token": "alice", "bob-token": "bob"}


@app.route("/check")
def check():
    token = request.headers.get("Authorization", "").replace("Bearer ", "")
    if not token:
        abort(401)
    log.warning("checking %s" % hashlib.sha256(token.encode()).hexdigest()[:12])
    return jsonify(ok=token in KNOWN)
