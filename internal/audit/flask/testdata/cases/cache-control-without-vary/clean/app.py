# The caller is known by a cookie of the program's own; the answer has a lifetime and varies by cookies.
# ask: GET /agenda with Cookie: sid=$WHO-key
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
CALLERS = {"alice-key": "alice", "bob-key": "bob"}


@app.route("/agenda")
def agenda():
    caller = CALLERS.get(request.cookies.get("sid"))
    if caller is None:
        abort(401)
    response = jsonify(agenda=[f"lunch with {caller}"])
    response.headers["Cache-Control"] = "max-age=300"
    response.headers["Vary"] = "Cookie"
    return response
