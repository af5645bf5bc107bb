from flask import abort, g

from shop import app, bearer_required, order_by_id  # as your application calls them


def own_order(order_id):
    """The caller's order with that id, or 404: 403 would tell that there is one. All views ask here.

    With SQLAlchemy: Order.query.filter_by(id=order_id, owner=g.user["sub"]).first_or_404()
    """
    order = order_by_id(order_id)
    if order is None or order["owner"] != g.user["sub"]:  # whom the check of the token found
        abort(404)
    return order


@app.get("/api/orders/<order_id>")
@bearer_required
def order(order_id):
    return own_order(order_id)
