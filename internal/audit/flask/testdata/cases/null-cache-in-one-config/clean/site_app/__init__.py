from flask import Flask, abort, jsonify, session
from flask_caching import Cache

from .settings import settings

cache = Cache()


def create_app(name):
    app = Flask(__name__)
    app.config.from_object(settings[name])
    cache.init_app(app)

    @app.before_request
    def check():
        if "user" not in session:
            abort(401)

    @app.route("/me")
    @cache.cached()
    def me():
        return jsonify(session["user"])

    return app
