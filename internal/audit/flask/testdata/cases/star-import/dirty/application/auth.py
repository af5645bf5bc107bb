from flask import abort, g, session

from application import app


class Reader:
    def __init__(self, id):
        self.id = id


@app.before_request
def who():
    if "uid" not in session:
        abort(401)
    g.user = Reader(session["uid"])
