from flask import Blueprint, Flask, jsonify
from flask_caching import Cache

from .users import get_current_user as me

cache = Cache(config={"CACHE_TYPE": "SimpleCache"})
bp = Blueprint("api", __name__)


def by_me():
    return f"api/me/{me()}"


@bp.get("/me")
@cache.cached(timeout=10, key_prefix=by_me)
def who():
    return jsonify(user=me())


def create_app():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "backend"
    cache.init_app(app)
    app.register_blueprint(bp, url_prefix="/api")
    return app
