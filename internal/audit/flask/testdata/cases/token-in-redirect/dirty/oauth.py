# After the login the browser is sent on with the JWT in the URL.
# not run: the token is made by the program and no one else knows it
from flask import Blueprint, redirect, request, url_for
from flask_jwt_extended import create_access_token, set_access_cookies

from .google import exchange_code_for_user

bp = Blueprint("oauth", __name__)
FRONTEND = "https://app.example.com"


@bp.route("/oauth/callback")
def callback():
    user = exchange_code_for_user(request.args["code"])
    jwt = create_access_token(identity=user.email)
    return redirect(url_for("pages.home", token=jwt))  # want: flask/token-in-url
