# The memoized function is given what it needs of the request.
# ask: GET /plan with Authorization: Bearer $WHO-token
from flask import Flask, abort, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
PLANS = {"alice-token": "gold", "bob-token": "free"}


@app.before_request
def known_callers_only():
    if bearer(request) not in PLANS:
        abort(401)


def bearer(req):
    return req.headers.get("Authorization", "").partition(" ")[2]


@cache.memoize(120)
def plan_for(token):
    return PLANS[token]


@app.route("/plan")
def plan():
    return jsonify(plan=plan_for(bearer(request)))
