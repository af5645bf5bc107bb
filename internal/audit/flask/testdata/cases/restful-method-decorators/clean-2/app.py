# method_decorators by method: the check is outermost for get.
# ask: GET /sensors with Authorization: Basic $BASIC
from flask import Flask
from flask_caching import Cache
from flask_httpauth import HTTPBasicAuth
from flask_restful import Api, Resource

app = Flask(__name__)
api = Api(app)
auth = HTTPBasicAuth()
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@auth.verify_password
def verify(username, password):
    if username in ("alice", "bob") and password == username + "-password":
        return username


class Sensors(Resource):
    method_decorators = {
        "get": [cache.cached(timeout=5), auth.login_required],
        "delete": [auth.login_required],
    }

    def get(self):
        return {"north": 21.5, "south": 23.0}

    def delete(self):
        return "", 204


api.add_resource(Sensors, "/sensors")
