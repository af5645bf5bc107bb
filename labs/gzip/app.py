from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/history")
@bearers.bearer_required
def history():
    answer = {"of": g.user["email"], "entries": [{"day": day, "balance": g.user["balance"]} for day in range(60)]}
    return answer, {"Cache-Control": "max-age=60", "Vary": "Authorization, Accept-Encoding"}
