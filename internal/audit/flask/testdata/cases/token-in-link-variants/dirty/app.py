# request.values takes the token from the query as gladly as from a form.
# not run: where a token is read is a matter of the source, and no cache takes part
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
ACCESS_TOKENS = set()


@app.route("/hook", methods=["GET", "POST"])
def hook():
    access_token = request.values.get("access_token")  # want: flask/token-in-url
    if access_token not in ACCESS_TOKENS:
        abort(403)
    return jsonify(ok=True)
