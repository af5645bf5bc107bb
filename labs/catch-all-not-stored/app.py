from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@app.get("/api/profile/<path:rest>")
@bearers.bearer_required
def profile(rest=None):
    return {**bearers.contact(g.user), "city": g.user["city"]}, {"Cache-Control": "no-store"}
