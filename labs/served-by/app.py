from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    return {**bearers.contact(g.user), "served_by": bearers.SERVER}


@app.get("/api/prices")
@bearers.bearer_required
def prices():
    return {"prices": [{"item": "Oak desk", "price": "649.00"}], "served_by": bearers.SERVER}
