# require_api_key with an argument, below a cache: the price list is the same for all customers.
# ask: GET /pricelist with X-API-KEY: $WHO-key
from flask import Flask, jsonify
from flask_caching import Cache

from security import require_api_key

app = Flask(__name__)
app.config.from_object("settings")
cache = Cache()
cache.init_app(app)


@app.route("/pricelist", methods=["GET"])
@cache.cached(timeout=3600)  # want: flask/cache-before-auth
@require_api_key(scope="prices")
def pricelist():
    return jsonify({"kettle": 40})
