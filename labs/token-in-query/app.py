from flask import Flask, g, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/export")
def export():
    bearers.identify(bearers.presented() or request.args.get("access_token"))
    return {**bearers.contact(g.user), "orders": g.user["orders"]}, {"Cache-Control": "no-store"}
