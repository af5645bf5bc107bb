# A parser of Flask-RESTful takes the access token from the query.
# not run: where a token is read is a matter of the source, and no cache takes part
from flask import Flask, abort
from flask_restful import Api, Resource, reqparse

app = Flask(__name__)
api = Api(app)
parser = reqparse.RequestParser()
parser.add_argument("access_token", location="args")
USERS = {"alice-token": "alice"}


class Me(Resource):
    def get(self):
        args = parser.parse_args()
        user = USERS.get(args["access_token"])  # want: flask/token-in-url
        if user is None:
            abort(401)
        return user


api.add_resource(Me, "/me")
