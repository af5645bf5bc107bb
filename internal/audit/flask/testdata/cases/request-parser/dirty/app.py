# A parser of Flask-RESTful finds the API key in a field, and the answer differs by it.
# ask: GET /mode with apikey: $WHO-key
from flask import Flask
from flask_caching import Cache
from flask_restful import Api, Resource, reqparse

app = Flask(__name__)
api = Api(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
MODERATORS = {"alice-key"}


class Mode(Resource):
    parser = reqparse.RequestParser()
    parser.add_argument("apikey", type=str, location="headers")

    @cache.cached(timeout=50)  # want: flask/unkeyed-cache
    def get(self):
        self.args = self.parser.parse_args()
        answer = {"maintenance": False}
        if self.args.apikey in MODERATORS:
            answer["raid"] = True
        return answer


api.add_resource(Mode, "/mode")
