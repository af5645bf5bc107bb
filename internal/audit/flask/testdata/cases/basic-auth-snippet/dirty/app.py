# The well-known requires_auth over request.authorization, below the cache.
# ask: GET /secret-page with Authorization: Basic $BASIC
from functools import wraps

from flask import Flask, Response, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def check_auth(username, password):
    return password == username + "-password"


def authenticate():
    """Sends a 401 response that enables basic auth"""
    return Response("Login!", 401, {"WWW-Authenticate": 'Basic realm="Login Required"'})


def requires_auth(f):
    @wraps(f)
    def decorated(*args, **kwargs):
        auth = request.authorization
        if not auth or not check_auth(auth.username, auth.password):
            return authenticate()
        return f(*args, **kwargs)

    return decorated


@app.route("/secret-page")
@cache.cached(timeout=50)  # want: flask/cache-before-auth
@requires_auth
def secret_page():
    return "The well is behind the barn."
