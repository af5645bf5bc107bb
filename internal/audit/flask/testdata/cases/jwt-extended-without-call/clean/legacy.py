# Flask-JWT-Extended 3: jwt_required without brackets, the cache below it, keyed by the identity.
# not run: Flask-JWT-Extended 4 has only jwt_required()
from flask import Blueprint, jsonify
from flask_caching import Cache
from flask_jwt_extended import get_jwt_identity, jwt_required

from .models import Invoice

cache = Cache()
billing = Blueprint("billing", __name__)


def invoices_key():
    return "invoices_{}".format(get_jwt_identity())


@billing.route("/invoices", methods=["GET"])
@jwt_required
@cache.cached(timeout=50, key_prefix=invoices_key)
def invoices():
    username = get_jwt_identity()
    rows = Invoice.query.filter_by(owner=username).all()
    return jsonify([r.to_dict() for r in rows])
