# The fields of a request to another service are logged, with the token that the session has for it.
# ask: GET /orders with session upstream=$WHO-token
from flask import Flask, jsonify, session

app = Flask(__name__)
app.secret_key = "dev"


@app.route("/orders")
def orders():
    headers = {"Accept": "text/plain"}
    headers["Authorization"] = "Bearer {}".format(session["upstream"])
    app.logger.warning("asking upstream with %s", headers)  # want: flask/token-in-log
    return jsonify([])
