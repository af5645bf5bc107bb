# after_request marks what is made for a session private, and the rest public.
# ask: GET /package/jq with session user=$WHO
from flask import Flask, jsonify, session

app = Flask(__name__)
app.secret_key = "pwl"


@app.route("/package/<name>")
def package(name):
    return jsonify(name=name, starred_by_you=session.get("user") == "alice")


@app.after_request
def add_headers(response):
    if session:
        response.headers["Cache-Control"] = "private"
    else:
        response.headers["Cache-Control"] = "public, max-age=60"
    return response
