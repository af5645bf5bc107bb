# An own decorator calls Flask-Caching inside its wrapper, and leaves the key to it.
# ask: GET /alerts with session uid=$ID
from functools import wraps

from flask import Flask, abort, jsonify, request, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "inside"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
ALERTS = {1: ["disk full"], 2: ["certificate expires"]}


def cached_page(timeout=60):
    def decorator(f):
        @wraps(f)
        def wrapper(*args, **kwargs):
            if request.args.get("fresh") == "1":
                return f(*args, **kwargs)
            return cache.cached(timeout=timeout)(f)(*args, **kwargs)

        return wrapper

    return decorator


@app.before_request
def login_first():
    if "uid" not in session:
        abort(401)


@app.route("/alerts")
@cached_page(timeout=10)  # want: flask/unkeyed-cache
def alerts():
    return jsonify(ALERTS[session["uid"]])
