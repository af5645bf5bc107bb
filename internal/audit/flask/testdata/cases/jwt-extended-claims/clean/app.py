# The role in the token's claims decides what is listed, and is in the key.
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


def by_role():
    return request.path + "|" + get_jwt()["role"]


@app.route("/documents")
@jwt_required()
@cache.cached(timeout=600, make_cache_key=lambda: by_role())
def documents():
    claims = get_jwt()
    shown = [d for d in DOCUMENTS if claims["role"] == "admin" or not d["internal"]]
    return {"documents": shown}
