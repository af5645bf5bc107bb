# An upstream service is asked with the access token in its URL.
# not run: asks a service elsewhere
import requests
from flask import Flask, jsonify, session

app = Flask(__name__)
app.secret_key = "up"


@app.route("/repos")
def repos():
    access_token = session["github_token"]
    answer = requests.get(f"https://api.example.com/user/repos?access_token={access_token}")  # want: flask/token-in-url
    return jsonify([repo["name"] for repo in answer.json()])


@app.route("/avatar")
def avatar():
    access_token = session["github_token"]
    answer = requests.get("https://api.example.com/user", params={"access_token": access_token})  # want: flask/token-in-url
    return jsonify(answer.json()["avatar_url"])
