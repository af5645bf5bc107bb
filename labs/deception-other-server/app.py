from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    return {**bearers.contact(g.user), "city": g.user["city"]}
