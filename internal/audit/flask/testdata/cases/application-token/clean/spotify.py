# The program's own token for another service (client credentials) is kept under one key, and is the same for all who ask.
# not run: asks a service elsewhere
import requests
from flask import Flask, current_app, jsonify, request
from flask_caching import Cache
from flask_login import login_required

app = Flask(__name__)
app.config.from_prefixed_env()
cache = Cache(app)


def service_token():
    token = cache.get("service_token")
    if token is None:
        answer = requests.post(
            "https://accounts.example.com/api/token",
            data={"grant_type": "client_credentials"},
            auth=(current_app.config["CLIENT_ID"], current_app.config["CLIENT_SECRET"]),
            timeout=5,
        ).json()
        token = answer["access_token"]
        cache.set("service_token", token, timeout=answer["expires_in"] - 60)
    return token


@app.route("/search")
@login_required
@cache.cached(timeout=600, query_string=True)
def search():
    answer = requests.get(
        "https://api.example.com/v1/search",
        params={"q": request.args["q"]},
        headers={"Authorization": f"Bearer {service_token()}"},
        timeout=5,
    )
    return jsonify(answer.json())
