# A Resource of Flask-RESTful, decorated by method: the caller's trips under the path alone.
# ask: GET /trips with Authorization: Bearer $JWT
from flask import Flask
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from flask_restful import Api, Resource, fields, marshal_with

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "r"
JWTManager(app)
api = Api(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 60})

trip_fields = {"to": fields.String, "owner": fields.String}
TRIPS = [{"to": "Oslo", "owner": "alice"}, {"to": "Rome", "owner": "bob"}]


class Trips(Resource):
    @jwt_required()
    @cache.cached()  # want: flask/unkeyed-cache
    @marshal_with(trip_fields)
    def get(self):
        me = get_jwt_identity()
        return [t for t in TRIPS if t["owner"] == me]


api.add_resource(Trips, "/trips", endpoint="trips")
