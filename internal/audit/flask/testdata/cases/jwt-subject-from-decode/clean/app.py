# The body decodes the token by itself and asks a memoized function for its subject.
# ask: GET /courses with Authorization: Bearer $JWT
import jwt
from flask import Flask, abort, jsonify, request
from flask_caching import Cache

app = Flask(__name__)
app.config["SECRET_KEY"] = "courses"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
COURSES = {"alice": ["algebra"], "bob": ["biology"]}


def payload():
    try:
        token = request.headers["Authorization"].split(" ", 1)[1]
        return jwt.decode(token, app.config["SECRET_KEY"], algorithms=["HS256"])
    except (KeyError, IndexError, jwt.InvalidTokenError):
        abort(401)


@cache.memoize()
def courses_of(subject):
    return COURSES[subject]


@app.route("/courses")
def courses():
    subject = payload()["sub"]
    return jsonify(courses_of(subject))
