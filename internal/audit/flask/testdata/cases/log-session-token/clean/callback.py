# The session's user is printed while somebody looks for a bug.
# not run: asks a service elsewhere
import requests
from flask import Flask, redirect, request, session, url_for

app = Flask(__name__)
app.secret_key = "oauth"


@app.route("/callback")
def callback():
    answer = requests.post(
        "https://login.example.com/oauth/token",
        data={"grant_type": "authorization_code", "code": request.args["code"]},
        timeout=5,
    )
    tokens = answer.json()
    session["access_token"] = tokens["access_token"]
    session["user"] = tokens["userinfo"]["email"]
    print(f"Signed in: {session['user']}")
    app.logger.debug("token expires in {} seconds".format(tokens["expires_in"]))
    return redirect(url_for("index"))


@app.route("/")
def index():
    return "signed in" if "user" in session else "signed out"
