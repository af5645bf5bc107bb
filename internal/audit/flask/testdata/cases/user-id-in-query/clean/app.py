# The user is named by a query parameter, and the query is in the key; the token of the request must be that user's, and is asked for first.
# ask: GET /balance?user=$WHO with X-Api-Token: $WHO-token
from flask import Flask, abort, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 30})

BALANCES = {"alice": 1200, "bob": 3}


@app.before_request
def own_balance_only():
    if request.headers.get("X-Api-Token") != request.args.get("user", "") + "-token":
        abort(401)


@app.route("/balance")
@cache.cached(query_string=True)
def balance():
    return jsonify(balance=BALANCES[request.args["user"]])
