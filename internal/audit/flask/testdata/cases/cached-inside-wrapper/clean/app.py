# An own decorator calls Flask-Caching inside its wrapper, with the caller in the key.
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
            key = "page/%s%s" % (session.get("uid"), request.path)
            return cache.cached(timeout=timeout, key_prefix=key)(f)(*args, **kwargs)

        return wrapper

    return decorator


@app.before_request
def login_first():
    if "uid" not in session:
        abort(401)


@app.route("/alerts")
@cached_page(timeout=10)
def alerts():
    return jsonify(ALERTS[session["uid"]])
