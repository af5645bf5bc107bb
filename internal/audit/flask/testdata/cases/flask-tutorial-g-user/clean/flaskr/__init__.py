from flask import Flask
from flask_caching import Cache

cache = Cache()


def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(SECRET_KEY="dev", CACHE_TYPE="SimpleCache")
    if test_config:
        app.config.update(test_config)
    cache.init_app(app)

    from . import auth, blog

    app.register_blueprint(auth.bp)
    app.register_blueprint(blog.bp)
    app.add_url_rule("/", endpoint="index", view_func=lambda: "Flaskr")
    return app
