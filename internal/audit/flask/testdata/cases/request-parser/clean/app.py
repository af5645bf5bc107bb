# The parser looks for the page in a field.
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
    parser.add_argument("page", type=str, location="headers")

    @cache.cached(timeout=50)
    def get(self):
        self.args = self.parser.parse_args()
        answer = {"maintenance": False}
        if self.args.page in MODERATORS:
            answer["raid"] = True
        return answer


api.add_resource(Mode, "/mode")
