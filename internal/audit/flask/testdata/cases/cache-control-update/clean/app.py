# headers.update with no-cache on a view behind HTTP Basic.
# ask: GET /tunnel with Authorization: Basic $BASIC
from flask import Flask, Response, jsonify  # noqa: F401
from flask_httpauth import HTTPBasicAuth

app = Flask(__name__)
auth = HTTPBasicAuth()


@auth.verify_password
def verify_password(username, password):
    if password == username + "-password":
        return username


@app.route("/tunnel")
@auth.login_required
def tunnel():
    response = jsonify(peer=auth.current_user())
    response.headers.update({"Cache-Control": "no-cache", "X-Peer": "1"})
    return response
