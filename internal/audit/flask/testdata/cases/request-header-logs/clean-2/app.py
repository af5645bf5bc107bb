# An error handler logs the fields without Authorization and Cookie.
# ask: GET /x with Authorization: Bearer $WHO-token
from flask import Flask, request

app = Flask(__name__)


@app.before_request
def show():
    request.started = True


@app.errorhandler(404)
def not_found(error):
    fields = {k: v for k, v in request.headers.items() if k.lower() not in ("authorization", "cookie")}
    app.logger.error("%s: %s", error, fields)
    return {"error": "not found"}, 200
