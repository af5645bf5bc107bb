# make_cache_key stands in another file, under a name that promises the user, and reads the path and the query.
# ask: GET /projects?sort=new with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

from lib import keys

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "projects"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_KEY_PREFIX": "pm_"})
PROJECTS = {"alice": ["moon"], "bob": ["mars"]}


@app.route("/projects")
@jwt_required()
@cache.cached(timeout=60, make_cache_key=keys.user_cache_key)  # want: flask/unkeyed-cache
def projects():
    return jsonify(PROJECTS[get_jwt_identity()])
