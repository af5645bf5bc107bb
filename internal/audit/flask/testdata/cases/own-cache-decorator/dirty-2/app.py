# An own caching decorator keys by name and arguments, and the view reads the caller.
# ask: GET /items/7 with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

from response_cache import cache_response

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "own"
JWTManager(app)
FAVOURITES = {"alice": {7}, "bob": {8}}


@app.route("/items/<int:item_id>")
@jwt_required()
@cache_response(ttl=60)  # want: flask/unkeyed-cache
def item(item_id):
    return {"id": item_id, "favourite": item_id in FAVOURITES[get_jwt_identity()]}
