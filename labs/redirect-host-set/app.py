from flask import Flask, g, redirect, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


def here(path):
    return f"https://{request.headers.get('X-Forwarded-Host', 'www.example.com')}{path}"


@app.get("/api/home")
def home():
    return redirect(here("/welcome"), 301)


@app.get("/api/account")
def account():
    claims = bearers.claims_of(bearers.presented())
    if claims is None:
        return redirect(here("/login"))
    user = bearers.BY_SUB[claims["sub"]]
    return {**bearers.contact(user), "balance": user["balance"]}
