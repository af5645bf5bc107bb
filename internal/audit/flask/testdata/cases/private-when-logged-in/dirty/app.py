# after_request marks whatever has no field of its own public.
# ask: GET /package/jq with session user=$WHO
from flask import Flask, jsonify, session

app = Flask(__name__)
app.secret_key = "pwl"


@app.route("/package/<name>")
def package(name):
    return jsonify(name=name, starred_by_you=session.get("user") == "alice")


@app.after_request
def add_headers(response):
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "public, max-age=60"  # want: flask/public-cache-control
    return response
