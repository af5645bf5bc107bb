# A login sends the browser on with its token in the query, glued by +.
# ask: GET /sso with Authorization: Bearer $WHO-token
from flask import Flask, abort, redirect, request

app = Flask(__name__)


@app.route("/sso")
def sso():
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token:
        abort(401)
    return redirect("/app?token=" + token)  # want: flask/token-in-url
