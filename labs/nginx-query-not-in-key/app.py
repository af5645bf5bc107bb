from flask import Flask, g, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/orders")
@bearers.bearer_required
def orders():
    page = request.args.get("page", 1, type=int)
    return {"page": page, "orders": g.user["orders"][page - 1 : page]}


@app.get("/api/search")
def search():
    q = request.args.get("q", "")
    return {"query": q, "hits": [item for item in ["Oak desk", "Desk lamp"] if q and q.lower() in item.lower()]}
