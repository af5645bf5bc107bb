# cachetools.cached with a key that adds the caller.
# ask: GET /forecast/oslo with session account=$WHO
from cachetools import TTLCache, cached
from cachetools.keys import hashkey
from flask import Flask, jsonify, session

app = Flask(__name__)
app.config["SECRET_KEY"] = "ttl"
UNITS = {"alice": "F", "bob": "K"}


@cached(cache=TTLCache(maxsize=100, ttl=600), key=lambda city: hashkey(session.get("account"), city))
def forecast(city):
    unit = UNITS.get(session.get("account"), "C")
    return {"city": city, "temperature": 285, "unit": unit}


@app.route("/forecast/<city>")
def show(city):
    return jsonify(forecast(city))
