from flask import Flask, abort, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@app.get("/api/profile.<suffix>")
@bearers.bearer_required
def profile(suffix="json"):
    if suffix == "csv":
        return f"name,email\n{g.user['name']},{g.user['email']}\n", {"Content-Type": "text/csv"}
    if suffix != "json":
        abort(404)
    return {**bearers.contact(g.user), "city": g.user["city"]}
