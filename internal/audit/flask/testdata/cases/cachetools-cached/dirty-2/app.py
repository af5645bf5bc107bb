# cachetools.cached with a key that drops the one argument that names the caller.
# ask: GET /forecast/oslo with session account=$WHO
from cachetools import TTLCache, cached
from cachetools.keys import hashkey
from flask import Flask, jsonify, session

app = Flask(__name__)
app.config["SECRET_KEY"] = "ttl"
UNITS = {"alice": "F", "bob": "K"}


@cached(TTLCache(100, 600), key=lambda account, city: hashkey(city))  # want: flask/memoize-without-identity
def forecast(account, city):
    unit = UNITS.get(account, "C")
    return {"city": city, "temperature": 285, "unit": unit}


@app.route("/forecast/<city>")
def show(city):
    return jsonify(forecast(session.get("account"), city))
