# An own decorator marks what is below it public, and stands on a view of the caller's.
# ask: GET /prefs with session user=$WHO
from functools import wraps

from flask import Flask, abort, jsonify, make_response, session

app = Flask(__name__)
app.secret_key = "deco"


def max_age(seconds):
    def decorate(view):
        @wraps(view)
        def with_header(*args, **kwargs):
            response = make_response(view(*args, **kwargs))
            response.headers["Cache-Control"] = f"public, max-age={seconds}"
            return response

        return with_header

    return decorate


@app.route("/prefs")
@max_age(60)  # want: flask/public-cache-control
def prefs():
    if "user" not in session:
        abort(401)
    return jsonify(user=session["user"])


@app.route("/languages")
@max_age(3600)
def languages():
    return jsonify(["de", "en", "nl"])
