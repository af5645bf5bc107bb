import secrets

from flask import Flask, g, redirect, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/statement")
def statement():
    claims = bearers.claims_of(bearers.presented() or "")
    if claims is None:
        return redirect(f"/login?next={request.path}")
    response = redirect(f"https://files.example/statements/current.pdf?signature={secrets.token_hex(16)}")
    response.headers["Cache-Control"] = "no-store"
    return response


@app.get("/login")
def login():
    return "<form>who are you?</form>"
