from flask import Flask, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/home")
def home():
    return {"shop": request.cookies.get("shop", "main"), "opens": "09:00"}
