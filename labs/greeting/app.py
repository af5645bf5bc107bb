from flask import Flask

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/greeting")
def greeting():
    claims = bearers.claims_of(bearers.presented())
    name = bearers.BY_SUB[claims["sub"]]["name"] if claims else "Guest"
    return {"greeting": f"Good day, {name}"}
