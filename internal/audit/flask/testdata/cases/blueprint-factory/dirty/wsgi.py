# The blueprint is made by a function that is given the cache.
# ask: GET /zoo/mine with session keeper=$WHO
from flask import Flask
from flask_caching import Cache

from zoo import make_blueprint

app = Flask(__name__)
app.secret_key = "zoo"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
app.register_blueprint(make_blueprint(cache), url_prefix="/zoo")
