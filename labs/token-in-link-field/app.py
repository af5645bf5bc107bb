from flask import Flask, g, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/orders")
def orders():
    token = bearers.presented() or request.args.get("access_token")
    bearers.identify(token)
    link = f'</api/orders?page=2&access_token={token}>; rel="next"'
    return {"orders": g.user["orders"]}, {"Link": link, "Cache-Control": "no-store"}
