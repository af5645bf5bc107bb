# An own caching decorator over a dict stands above the check.
# ask: GET /jobs with X-Api-Key: $WHO-key
from functools import wraps

from flask import Flask, jsonify, request

app = Flask(__name__)
VALID = ("alice-key", "bob-key")
responses = {}


def cached_view(f):
    @wraps(f)
    def inner(*args, **kwargs):
        if request.full_path not in responses:
            responses[request.full_path] = f(*args, **kwargs)
        return responses[request.full_path]

    return inner


def require_apikey(f):
    @wraps(f)
    def inner(*args, **kwargs):
        if request.headers.get("X-Api-Key") in VALID:
            return f(*args, **kwargs)
        return jsonify(error="no key"), 401

    return inner


@app.route("/jobs")
@cached_view  # want: flask/cache-before-auth
@require_apikey
def jobs():
    return jsonify(["resize", "transcode"])
