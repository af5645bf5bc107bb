# Flask-Redis by hand: hits of the user's search under the search alone.
# not run: Flask-Redis is not among the packages of the tests
import json

from flask import Blueprint, current_app, jsonify, request
from flask_login import current_user, login_required
from flask_redis import FlaskRedis

from .search import search_documents

redis_client = FlaskRedis()
bp = Blueprint("search", __name__)


@bp.route("/search")
@login_required
def search():
    q = request.args.get("q", "").strip()
    key = "search:%s" % q
    raw = redis_client.get(key)
    if raw:
        return jsonify(json.loads(raw))
    hits = search_documents(q, visible_to=current_user)
    redis_client.set(key, json.dumps(hits), ex=current_app.config.get("SEARCH_TTL", 60))  # want: flask/manual-cache-without-identity
    return jsonify(hits)
