# cachetools.cached over a TTLCache, keyed by the arguments, of which the caller is none.
# ask: GET /forecast/oslo with session account=$WHO
from cachetools import TTLCache, cached
from flask import Flask, jsonify, session

app = Flask(__name__)
app.config["SECRET_KEY"] = "ttl"
UNITS = {"alice": "F", "bob": "K"}


@cached(TTLCache(maxsize=100, ttl=600))  # want: flask/memoize-without-identity
def forecast(city):
    unit = UNITS.get(session.get("account"), "C")
    return {"city": city, "temperature": 285, "unit": unit}


@app.route("/forecast/<city>")
def show(city):
    return jsonify(forecast(city))
