# A namespace of Flask-RESTX: doc, cache and check in the wrong order.
# ask: GET /api/users/me with Authorization: Bearer $JWT
from flask import Flask
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from flask_restx import Api, Namespace, Resource, fields

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "x"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

api = Api(app, prefix="/api", doc=False)
ns = Namespace("users", description="users")
user_model = ns.model("User", {"username": fields.String, "plan": fields.String})


@ns.route("/me")
class Me(Resource):
    @ns.doc(security="jwt")
    @cache.cached(timeout=60)  # want: flask/unkeyed-cache, flask/cache-before-auth
    @jwt_required()
    @ns.marshal_with(user_model)
    def get(self):
        return {"username": get_jwt_identity(), "plan": "free"}


api.add_namespace(ns, path="/users")
