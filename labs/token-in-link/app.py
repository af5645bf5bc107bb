from flask import Flask, g, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/report")
@bearers.bearer_required
def report():
    link = f"/files/report.csv?token={bearers.presented()}"
    return {"report": "2024-11", "download": link}, {"Cache-Control": "no-store"}


@app.get("/files/report.csv")
def file():
    bearers.identify(request.args.get("token"))
    return f"email,balance\n{g.user['email']},{g.user['balance']}\n", {"Content-Type": "text/csv", "Cache-Control": "no-store"}
