from flask import Flask, abort, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/team")
@bearers.bearer_required
def team():
    if g.user["org"] != "northwind":
        abort(404)
    return {"team": g.user["org"], "lead": g.user["name"]}
