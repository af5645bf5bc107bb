# init_app's config wins over what Cache() was given: the cache is on.
# ask: GET /me with session user=$WHO
from flask import Flask, abort, jsonify, session
from flask_caching import Cache

cache = Cache(config={"CACHE_TYPE": "NullCache"})


def create_app():
    app = Flask(__name__)
    app.secret_key = "nca"
    cache.init_app(app, config={"CACHE_TYPE": "SimpleCache"})

    @app.before_request
    def check():
        if "user" not in session:
            abort(401)

    @app.route("/me")
    @cache.cached(timeout=60)  # want: flask/unkeyed-cache
    def me():
        return jsonify(session["user"])

    return app
