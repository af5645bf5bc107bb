from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/inbox")
@bearers.bearer_required
def inbox():
    return {"to": g.user["email"], "unread": g.user["unread"]}, {"Cache-Control": "max-age=60"}


@app.get("/api/catalog")
def catalog():
    return {"catalog": [{"item": "Oak desk", "price": "649.00"}]}, {"Cache-Control": "public, max-age=60"}
