from flask import *  # noqa: F403

from application import *  # noqa: F403

NOTES = {1: ["buy milk"], 2: ["read RFC 9111"]}


@app.route("/notes")  # noqa: F405
@cache.cached(timeout=30)  # want: flask/unkeyed-cache
def notes():
    return jsonify(NOTES[g.user.id])  # noqa: F405
