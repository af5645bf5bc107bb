from flask import Flask
from flask_appbuilder import SQLA, AppBuilder
from flask_caching import Cache

app = Flask(__name__)
app.config.from_object("config")
db = SQLA(app)
cache = Cache(app)
appbuilder = AppBuilder(app, db.session)

from . import views  # noqa: E402,F401
