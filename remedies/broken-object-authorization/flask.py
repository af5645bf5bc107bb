from flask import abort

from shop import app, bearer_required, order_by_id


@app.get("/api/orders/<order_id>")
@bearer_required
def order(order_id):
    return order_by_id(order_id) or abort(404)
