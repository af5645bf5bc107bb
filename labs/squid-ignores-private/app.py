from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/inbox")
@bearers.bearer_required
def inbox():
    return {"to": g.user["email"], "unread": g.user["unread"]}, {"Cache-Control": "private, must-revalidate, max-age=60"}
