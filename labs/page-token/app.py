import base64

from flask import Flask, g, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/orders")
@bearers.bearer_required
def orders():
    tokens = {base64.b64encode(order["id"].encode()).decode(): i + 1 for i, order in enumerate(g.user["orders"])}
    start = tokens.get(request.args.get("token"), 0)
    page = g.user["orders"][start : start + 1]
    following = [token for token, i in tokens.items() if i == start + 1]
    return {"orders": page, "next_page_token": following[0] if following else None}
