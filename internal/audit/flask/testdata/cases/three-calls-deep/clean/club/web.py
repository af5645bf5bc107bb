from flask import Flask, jsonify
from flask_caching import Cache

from club import reports

app = Flask(__name__)
app.secret_key = "club"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.route("/overview")
@cache.cached(timeout=60)
def overview():
    return jsonify(reports.overview())
