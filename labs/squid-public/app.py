from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/inbox")
@bearers.bearer_required
def inbox():
    return {"to": g.user["email"], "unread": g.user["unread"]}, {"Cache-Control": "public, max-age=60"}


@app.get("/api/balance")
@bearers.bearer_required
def balance():
    return {"balance": g.user["balance"], "currency": "EUR"}, {"Cache-Control": "max-age=0, s-maxage=60"}
