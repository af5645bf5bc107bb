# A function that checks is given the parameters of the query, the API key among them.
# not run: where a token is read is a matter of the source, and no cache takes part
from flask import Flask, abort, jsonify, request

app = Flask(__name__)


def verify_api_key(args):
    if args.get("api_key") != app.config["SECRET"]:  # want: flask/token-in-url
        abort(401)


@app.route("/orders")
def orders():
    verify_api_key(request.args)
    return jsonify([])
