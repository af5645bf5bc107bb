# An API key is taken from its field, and the query has the page.
# not run: where a token is read is a matter of the source, and no cache takes part
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
API_KEYS = set()


@app.route("/hook", methods=["GET", "POST"])
def hook():
    if request.headers.get("X-API-Key") not in API_KEYS:
        abort(403)
    return jsonify(page=request.args.get("page", 1))
