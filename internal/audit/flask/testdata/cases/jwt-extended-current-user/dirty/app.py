# current_user of Flask-JWT-Extended (user_lookup_loader) decides the answer; the key is a constant.
# ask: GET /v1/me/settings with Authorization: Bearer $JWT
from dataclasses import asdict, dataclass

from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt_extended import JWTManager, current_user, jwt_required

app = Flask(__name__)
app.config.from_mapping(JWT_SECRET_KEY="k", CACHE_TYPE="SimpleCache")
jwt = JWTManager(app)
cache = Cache(app)


@dataclass
class User:
    id: str
    theme: str
    language: str


USERS = {u.id: u for u in (User("alice", "dark", "en"), User("bob", "light", "de"))}


@jwt.user_lookup_loader
def load_user(header, data):
    return USERS.get(data["sub"])


@app.get("/v1/me/settings")
@jwt_required()
@cache.cached(timeout=120, key_prefix="settings")  # want: flask/unkeyed-cache
def settings():
    return jsonify(asdict(current_user._get_current_object()))
