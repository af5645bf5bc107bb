# A MethodView of Flask-Smorest; the cache is the outermost decorator of get.
# ask: GET /pets/ with Authorization: Bearer $JWT
from flask import Flask
from flask.views import MethodView
from flask_caching import Cache
from flask_jwt_extended import JWTManager, jwt_required
from flask_smorest import Api, Blueprint

app = Flask(__name__)
app.config.update(
    API_TITLE="Pets",
    API_VERSION="v1",
    OPENAPI_VERSION="3.0.2",
    JWT_SECRET_KEY="pets",
    CACHE_TYPE="SimpleCache",
)
api = Api(app)
JWTManager(app)
cache = Cache(app)
blp = Blueprint("pets", "pets", url_prefix="/pets", description="What is for adoption")


@blp.route("/")
class Pets(MethodView):
    @cache.cached(timeout=60)  # want: flask/cache-before-auth
    @jwt_required()
    @blp.response(200)
    def get(self):
        return ["Rex", "Mia"]


api.register_blueprint(blp)
