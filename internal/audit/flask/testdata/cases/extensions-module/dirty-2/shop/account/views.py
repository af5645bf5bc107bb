from flask import Blueprint, jsonify
from flask_login import current_user, login_required

import shop.extensions as ext

from shop.models import Customer  # noqa: F401

account = Blueprint("account", __name__)


@account.get("/orders")
@login_required
@ext.cache.cached()  # want: flask/unkeyed-cache
def orders():
    return jsonify(orders=current_user.orders)
