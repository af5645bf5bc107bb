# The outer blueprint's before_request asks for a key, and runs on a hit too; the answer is each key's own.
# ask: GET /api/v1/quota with X-API-Key: $WHO-key
from functools import wraps

from flask import Blueprint, Flask, abort, g, jsonify, request
from flask_caching import Cache

cache = Cache()
api = Blueprint("api", __name__, url_prefix="/api")
v1 = Blueprint("v1", __name__, url_prefix="/v1")
admin = Blueprint("admin", __name__, url_prefix="/admin")

KEYS = {"alice-key": "alice", "bob-key": "bob"}
USED = {"alice": 17, "bob": 230}


def check_key():
    g.client = KEYS.get(request.headers.get("X-API-Key", ""))
    if g.client is None:
        abort(401)


api.before_request(check_key)


def key_required(view):
    @wraps(view)
    def checked(*args, **kwargs):
        check_key()
        return view(*args, **kwargs)

    return checked


@v1.route("/quota")
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def quota():
    return jsonify(used=USED[g.client], limit=1000)


api.register_blueprint(v1)


def create_app():
    app = Flask(__name__)
    cache.init_app(app, config={"CACHE_TYPE": "SimpleCache"})
    app.register_blueprint(api)
    app.register_blueprint(admin)
    return app
