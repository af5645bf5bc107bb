# print of a masked token.
# ask: GET /check with Authorization: Bearer $WHO-token

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
KNOWN = {"alice-token": "alice", "bob-token": "bob"}


@app.route("/check")
def check():
    token = request.headers.get("Authorization", "").replace("Bearer ", "")
    if not token:
        abort(401)
    print("checking", token[:3] + "...")
    return jsonify(ok=token in KNOWN)
