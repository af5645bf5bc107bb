# method_decorators of Flask-RESTful: the last of the list is the outermost, and it is the cache.
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
    method_decorators = [auth.login_required, cache.cached(timeout=5)]  # want: flask/cache-before-auth

    def get(self):
        return {"north": 21.5, "south": 23.0}

    def delete(self):
        return "", 204


api.add_resource(Sensors, "/sensors")
