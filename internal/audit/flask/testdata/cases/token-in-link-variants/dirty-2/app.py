# An API key is taken from the query.
# not run: where a token is read is a matter of the source, and no cache takes part
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
API_KEYS = set()


@app.route("/hook", methods=["GET", "POST"])
def hook():
    if request.args.get("api_key") not in API_KEYS:  # want: flask/token-in-url
        abort(403)
    return jsonify(page=request.args.get("page", 1))
