# Response(headers=...) with public on a view behind HTTP Basic.
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
    return Response(auth.current_user(), mimetype="text/plain", headers={"Cache-Control": "public, max-age=30"})  # want: flask/public-cache-control
