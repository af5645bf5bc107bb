# Flask-Cache by its oldest name; the cached view is below login_required, and the same for all.
# not run: flask.ext is gone since Flask 1.0
from flask import Flask
from flask.ext.cache import Cache
from flask.ext.login import LoginManager

app = Flask(__name__)
app.config.from_object("config")
cache = Cache(app)
lm = LoginManager()
lm.init_app(app)

from app import views  # noqa: E402,F401
