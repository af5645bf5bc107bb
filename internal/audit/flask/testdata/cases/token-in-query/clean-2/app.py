# The field or a cookie, never the query.
# not run: where a token is read is a matter of the source, and no cache takes part
from functools import wraps

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
SESSIONS = {}


def authenticated(view):
    @wraps(view)
    def inner(*args, **kwargs):
        token = request.headers.get("X-Auth-Token") or request.cookies.get("token", "")
        if token not in SESSIONS:
            abort(401)
        return view(SESSIONS[token], *args, **kwargs)

    return inner


@app.route("/api/tasks")
@authenticated
def tasks(user):
    return jsonify(user.tasks)
