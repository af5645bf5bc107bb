# A warning says whose token another service has refused.
# not run: asks a service elsewhere
import logging

import requests
from flask import Flask, abort, session

app = Flask(__name__)
app.secret_key = "provider"
logger = logging.getLogger(__name__)


def user_data(token, user):
    answer = requests.get("https://id.example.com/userinfo", headers={"Authorization": f"Bearer {token}"}, timeout=5)
    if answer.status_code != 200:
        logger.warning("Auth retry failed for the token of {} - {}".format(user, answer.status_code))
        return None
    return answer.json()


@app.route("/me")
def me():
    data = user_data(session.get("provider_token"), session.get("user"))
    return data or abort(502)
