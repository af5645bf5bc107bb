import secrets

from flask import Flask, jsonify, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/catalog")
def catalog():
    answer = jsonify(catalog=[{"item": "Oak desk", "price": "649.00"}, {"item": "Desk lamp", "price": "89.50"}])
    if "sid" not in request.cookies:
        answer.set_cookie("sid", secrets.token_urlsafe(24), httponly=True)
    return answer
