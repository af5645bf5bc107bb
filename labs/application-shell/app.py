from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    return {**bearers.contact(g.user), "city": g.user["city"]}


@app.get("/", defaults={"path": ""})
@app.get("/<path:path>")
def shell(path):
    return "<!doctype html><title>Shop</title><div id=app></div><script src=/app.js></script>"
