from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/export")
@bearers.bearer_required
def export():
    return {**bearers.contact(g.user), "orders": g.user["orders"]}, {"Cache-Control": "public, max-age=60"}


@app.get("/api/summary")
@bearers.bearer_required
def summary():
    return {"name": g.user["name"], "orders": len(g.user["orders"])}, {"Cache-Control": "must-revalidate, max-age=60"}
