# What an authorization server answered is logged, tokens and all.
# not run: it asks a server of somebody else
import requests
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.route("/callback")
def callback():
    token_response = requests.post("https://id.example/token", data={"code": request.args["code"]}, timeout=5)
    app.logger.info("the server answered: %s", token_response.text)  # want: flask/token-in-log
    return jsonify(ok=token_response.ok)
