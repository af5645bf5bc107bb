# An own decorator of caches without brackets keys by name, arguments and the session's user.
# ask: GET /streak with session user=$WHO
from functools import wraps

from flask import Flask, abort, jsonify, session

app = Flask(__name__)
app.secret_key = "streak"
STREAKS = {"alice": 12, "bob": 1}


def cached(f):
    results = {}

    @wraps(f)
    def wrapper(*args, **kwargs):
        key = (session.get("user"), f.__name__, args, tuple(sorted(kwargs.items())))
        if key not in results:
            results[key] = f(*args, **kwargs)
        return results[key]

    return wrapper


@cached
def streak(unit):
    return f"{STREAKS[session['user']]} {unit}"


@app.route("/streak")
def show():
    if "user" not in session:
        abort(401)
    return jsonify(streak("days"))
