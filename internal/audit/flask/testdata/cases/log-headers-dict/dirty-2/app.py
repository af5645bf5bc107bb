# A handler of errors logs the whole environment of the request.
# ask: GET /boom with Authorization: Bearer $WHO-token
from flask import Flask, request

app = Flask(__name__)


@app.errorhandler(ZeroDivisionError)
def oops(error):
    app.logger.error("failed: %s, request %s", error, request.environ)  # want: flask/token-in-log
    return "sorry", 200


@app.route("/boom")
def boom():
    return str(1 / 0)
