# The role in the token's claims decides what is listed; whoever comes first fixes it for all.
# ask: GET /documents with Authorization: Bearer $JWT
from flask import Flask, request
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "abc"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

DOCUMENTS = [
    {"title": "Handbook", "internal": False},
    {"title": "Salaries", "internal": True},
]


@app.route("/documents")
@jwt_required()
@cache.cached(timeout=600)  # want: flask/unkeyed-cache
def documents():
    claims = get_jwt()
    shown = [d for d in DOCUMENTS if claims["role"] == "admin" or not d["internal"]]
    return {"documents": shown}
