from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    return {**bearers.contact(g.user), "city": g.user["city"]}


@app.get("/static/app.css")
def stylesheet():
    return "body { color: #222 }\n", {"Content-Type": "text/css", "Cache-Control": "public, max-age=3600"}
