# An error handler logs str(request.headers).
# ask: GET /x with Authorization: Bearer $WHO-token
from flask import Flask, request

app = Flask(__name__)


@app.before_request
def show():
    request.started = True


@app.errorhandler(404)
def not_found(error):
    app.logger.error("%s: %s", error, str(request.headers))  # want: flask/token-in-log
    return {"error": "not found"}, 200
