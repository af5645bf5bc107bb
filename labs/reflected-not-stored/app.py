from flask import Flask, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/links")
def links():
    host = request.headers.get("X-Forwarded-Host", "www.example.com")
    return {"self": f"https://{host}/api/links", "help": f"https://{host}/help"}


@app.get("/api/search")
def search():
    return {"query": request.args.get("q", ""), "hits": []}
