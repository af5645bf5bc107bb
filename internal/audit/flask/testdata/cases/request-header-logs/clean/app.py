# before_request prints the one field that it is about.
# ask: GET /x with Authorization: Bearer $WHO-token
from flask import Flask, request

app = Flask(__name__)


@app.before_request
def show():
    print("------")
    print(request.headers.get("User-Agent"))


@app.errorhandler(404)
def not_found(error):
    app.logger.error("%s: %s", error, request.path)
    return {"error": "not found"}, 200
