from flask import Flask, redirect

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/account")
def account():
    claims = bearers.claims_of(bearers.presented())
    if claims is None:
        return redirect("/login")
    return f"<!doctype html><title>Account</title><h1>{bearers.BY_SUB[claims['sub']]['name']}</h1>"


@app.get("/login")
def login():
    return "<!doctype html><title>Log in</title><form method=post><input name=user><input name=password type=password></form>"
