from flask import Blueprint, jsonify
from flask_login import current_user, login_required

from shop.extensions import cache
from shop.models import Customer  # noqa: F401

account = Blueprint("account", __name__)


def orders_of_customer():
    return "orders:" + str(current_user.id)


@account.get("/orders")
@login_required
@cache.cached(key_prefix=orders_of_customer)
def orders():
    return jsonify(orders=current_user.orders)
