# Caching decorators are kept in variables; the caller's view has one by caller.
# ask: GET /v2/me with Authorization: Bearer $JWT
# ask: GET /me with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "var"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

MINUTE = 60
cached_minute = cache.cached(timeout=MINUTE)
cached_for_caller = cache.cached(timeout=MINUTE, make_cache_key=lambda *a, **kw: "c:" + get_jwt_identity())


@app.route("/me")
@app.route("/v2/me")
@jwt_required()
@cached_for_caller
def me():
    return jsonify(me=get_jwt_identity())


@app.route("/countries")
@cached_minute
def countries():
    return jsonify(["NL", "NO"])
