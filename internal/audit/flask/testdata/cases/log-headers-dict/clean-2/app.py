# A handler of errors logs method, path and address.
# ask: GET /boom with Authorization: Bearer $WHO-token
from flask import Flask, request

app = Flask(__name__)


@app.errorhandler(ZeroDivisionError)
def oops(error):
    app.logger.error("failed: %s, request %s %s from %s", error, request.method, request.path, request.remote_addr)
    return "sorry", 200


@app.route("/boom")
def boom():
    return str(1 / 0)
