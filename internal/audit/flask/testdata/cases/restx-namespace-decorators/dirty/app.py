# Namespace decorators ask for the token on all methods; the cached one answers by who asks.
# ask: GET /tools/list with Authorization: Bearer $JWT
from flask import Flask
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from flask_restx import Api, Namespace, Resource

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "tools"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
api = Api(app, doc=False)
tools = Namespace("tools", decorators=[jwt_required()])
LENT = {"alice": ["saw"], "bob": ["drill"]}


@tools.route("/list")
class ToolList(Resource):
    @cache.cached(timeout=60)  # want: flask/unkeyed-cache
    def get(self):
        return {"lent": LENT[get_jwt_identity()]}


api.add_namespace(tools)
