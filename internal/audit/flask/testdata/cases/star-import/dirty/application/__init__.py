from flask import Flask
from flask_caching import Cache

app = Flask(__name__)
app.config["SECRET_KEY"] = "n"
app.config["CACHE_TYPE"] = "simple"
cache = Cache(app)

from application.auth import *  # noqa: E402,F401,F403
from application.notes import *  # noqa: E402,F401,F403
