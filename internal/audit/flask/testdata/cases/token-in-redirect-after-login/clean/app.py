# A login sends the browser on with its token in a cookie.
# ask: GET /sso with Authorization: Bearer $WHO-token
from flask import Flask, abort, redirect, request

app = Flask(__name__)


@app.route("/sso")
def sso():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token:
        abort(401)
    response = redirect("/app")
    response.set_cookie("token", token, httponly=True, secure=True, samesite="Lax")
    return response
