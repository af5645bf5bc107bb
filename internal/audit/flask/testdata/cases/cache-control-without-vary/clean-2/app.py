# The caller is known by X-Api-Key; the answer has a lifetime and varies by it.
# ask: GET /agenda with X-Api-Key: $WHO-key
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
CALLERS = {"alice-key": "alice", "bob-key": "bob"}


@app.route("/agenda")
def agenda():
    caller = CALLERS.get(request.headers.get("X-Api-Key"))
    if caller is None:
        abort(401)
    response = jsonify(agenda=[f"lunch with {caller}"])
    response.headers["Cache-Control"] = "max-age=300"
    response.headers["Vary"] = "X-Api-Key"
    return response
