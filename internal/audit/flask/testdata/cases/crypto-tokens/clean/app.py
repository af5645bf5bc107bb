# In a program about coins a token is a coin: in its logs, in its URLs, in its keys.
# ask: GET /price?token=eth
from cachelib import SimpleCache
from flask import Flask, jsonify, redirect, request, url_for

app = Flask(__name__)
prices = SimpleCache()
MARKET = {"eth": 3000, "btc": 90000}


@app.route("/price")
def price():
    token = request.args.get("token", "btc").lower()
    app.logger.info("price of token %s", token)
    key = f"price:{token}"
    value = prices.get(key)
    if value is None:
        value = MARKET[token]
        prices.set(key, value, timeout=10)
    return jsonify(token=token, usd=value)


@app.route("/")
def index():
    return redirect(url_for("price", token="btc"))
