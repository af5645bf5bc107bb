# verify_jwt_in_request is called by a before_request of the blueprint, which runs on a hit too.
# ask: GET /internal/health-report with Authorization: Bearer $JWT
from flask import Blueprint, Flask, jsonify
from flask_caching import Cache
from flask_jwt_extended import JWTManager, verify_jwt_in_request

cache = Cache(config={"CACHE_TYPE": "SimpleCache"})
internal = Blueprint("internal", __name__, url_prefix="/internal")


@internal.before_request
def only_with_token():
    verify_jwt_in_request()


@internal.route("/health-report")
@cache.cached(timeout=30)
def health_report():
    return jsonify(db="ok", queue="ok", disk_free_gb=112)


def create_app():
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = "not-so-secret"
    JWTManager(app)
    cache.init_app(app)
    app.register_blueprint(internal)
    return app
