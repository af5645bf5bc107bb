# Flask-JWT-Extended 3: jwt_required without brackets, and the cache above it.
# not run: Flask-JWT-Extended 4 has only jwt_required()
from flask import Blueprint, jsonify
from flask_caching import Cache
from flask_jwt_extended import get_jwt_identity, jwt_required

from .models import Invoice

cache = Cache()
billing = Blueprint("billing", __name__)


@billing.route("/invoices", methods=["GET"])
@cache.cached(timeout=50)  # want: flask/unkeyed-cache, flask/cache-before-auth
@jwt_required
def invoices():
    username = get_jwt_identity()
    rows = Invoice.query.filter_by(owner=username).all()
    return jsonify([r.to_dict() for r in rows])
