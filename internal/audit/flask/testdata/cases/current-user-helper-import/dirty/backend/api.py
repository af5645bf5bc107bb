from flask import Blueprint, Flask, jsonify
from flask_caching import Cache

from .users import get_current_user as me

cache = Cache(config={"CACHE_TYPE": "SimpleCache"})
bp = Blueprint("api", __name__)


@bp.get("/me")
@cache.cached(timeout=10)  # want: flask/unkeyed-cache, flask/cache-before-auth
def who():
    return jsonify(user=me())


def create_app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "backend"
    cache.init_app(app)
    app.register_blueprint(bp, url_prefix="/api")
    return app
