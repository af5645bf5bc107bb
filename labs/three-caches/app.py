from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/wallet")
@bearers.bearer_required
def wallet():
    return {"holder": g.user["name"], "balance": g.user["balance"], "iban": g.user["iban"]}
