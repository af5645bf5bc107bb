# cachetools.cached with all of its arguments in the key, the caller among them.
# ask: GET /forecast/oslo with session account=$WHO
from cachetools import TTLCache, cached
from flask import Flask, jsonify, session

app = Flask(__name__)
app.config["SECRET_KEY"] = "ttl"
UNITS = {"alice": "F", "bob": "K"}


@cached(TTLCache(100, 600))
def forecast(account, city):
    unit = UNITS.get(account, "C")
    return {"city": city, "temperature": 285, "unit": unit}


@app.route("/forecast/<city>")
def show(city):
    return jsonify(forecast(session.get("account"), city))
