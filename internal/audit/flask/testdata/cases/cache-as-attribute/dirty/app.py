# The cache is an attribute of the application.
# ask: GET /motd with Authorization: Bearer $JWT
from flask import Flask
from flask_jwt_extended import JWTManager, jwt_required

try:
    from flask_caching import Cache
except ImportError:
    from flask_cache import Cache

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "attr"
app.jwt = JWTManager(app)
app.cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.route("/motd")
@app.cache.cached(timeout=60)  # want: flask/cache-before-auth
@jwt_required()
def motd():
    return {"message": "Stocktaking on Friday"}
