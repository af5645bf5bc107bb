# Flask-Cache by its oldest name; the view below login_required is the user's, and so the path is no key for it.
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
