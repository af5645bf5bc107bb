# The check comes first; the key is still the path alone.
# ask: GET /api/profile with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "change-me-in-production"
app.config["CACHE_TYPE"] = "SimpleCache"
app.config["CACHE_DEFAULT_TIMEOUT"] = 300

jwt = JWTManager(app)
cache = Cache(app)

PROFILES = {
    "alice": {"name": "Alice", "email": "alice@example.com"},
    "bob": {"name": "Bob", "email": "bob@example.com"},
}



@app.route("/api/profile")
@jwt_required()
@cache.cached(timeout=300)  # want: flask/unkeyed-cache
def profile():
    return jsonify(PROFILES[get_jwt_identity()])
