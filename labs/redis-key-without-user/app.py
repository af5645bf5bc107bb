import os

import redis
from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
store = redis.Redis.from_url(os.environ["REDIS"], decode_responses=True)


@app.get("/api/balance")
@bearers.bearer_required
def balance():
    amount = store.get("balance:EUR")
    if amount is None:
        amount = g.user["balance"]
        store.setex("balance:EUR", 2, amount)
    return {"balance": amount, "currency": "EUR"}
