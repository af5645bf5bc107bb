# An own decorator takes a function for the key, and is given one of the caller.
# ask: GET /feed?tag=go with Authorization: Bearer $JWT
from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

from caching import cache_for

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "feed"
JWTManager(app)
FOLLOWS = {"alice": ["go", "rust"], "bob": ["python"]}


def feed_key():
    return "feed:" + get_jwt_identity() + ":" + request.args.get("tag", "")


@app.get("/feed")
@jwt_required()
@cache_for(seconds=30, key=feed_key)
def feed():
    return jsonify(request.args.get("tag") in FOLLOWS[get_jwt_identity()])
