from flask import Flask

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/verify")
@bearers.bearer_required
def verify():
    return "", 204


@app.get("/api/prices")
@bearers.bearer_required
def prices():
    return {"valid": "November", "prices": [{"item": "Oak desk", "price": "649.00"}, {"item": "Desk lamp", "price": "89.50"}]}
