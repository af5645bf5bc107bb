# request.form takes the token from the body only.
# not run: where a token is read is a matter of the source, and no cache takes part
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
ACCESS_TOKENS = set()


@app.route("/hook", methods=["GET", "POST"])
def hook():
    access_token = request.form.get("access_token")
    if access_token not in ACCESS_TOKENS:
        abort(403)
    return jsonify(ok=True)
