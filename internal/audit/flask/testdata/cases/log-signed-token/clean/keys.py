# The claims that were just signed are logged.
# not run: the token is made by the program and no one else knows it
import logging
import time

import jwt
from flask import Blueprint, current_app, jsonify
from flask_login import current_user, login_required

logger = logging.getLogger(__name__)
blueprint = Blueprint("keys", __name__)


def signed(claims):
    return jwt.encode(claims, current_app.config["SECRET_KEY"], algorithm="HS256")


@blueprint.route("/credentials/api", methods=["POST"])
@login_required
def create_api_key():
    claims = {"sub": str(current_user.id), "exp": int(time.time()) + 86400, "pur": "api_key"}
    token = signed(claims)
    logger.info("created an API key for %s", current_user.id)
    logger.debug(str(claims))
    return jsonify(api_key=token)
