# dict(request.headers) in a debug line.
# ask: GET /boom with Authorization: Bearer $WHO-token
from flask import Flask, request

app = Flask(__name__)


@app.errorhandler(ZeroDivisionError)
def oops(error):
    return "sorry", 200


@app.route("/boom")
def boom():
    app.logger.debug("headers: %r", dict(request.headers))  # want: flask/token-in-log
    return str(1 / 0)
