from flask import Flask
from flask_login import login_required

from . import core
from .core import cache


def make_app():
    app = Flask("portal")
    app.secret_key = "p"
    cache.init_app(app)
    core.login.init_app(app)

    @app.route("/team")
    @cache.cached(timeout=600)  # want: flask/cache-before-auth
    @login_required
    def team():
        return "Ada, Grace, Barbara"

    return app
