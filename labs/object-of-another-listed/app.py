from flask import Flask, abort, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/orders")
@bearers.bearer_required
def orders():
    return {"orders": [{"id": order["id"], "item": order["item"]} for order in g.user["orders"]]}, {"Cache-Control": "no-store"}


@app.get("/api/orders/<order_id>")
@bearers.bearer_required
def order(order_id):
    for person in bearers.PEOPLE.values():
        for order in person["orders"]:
            if order["id"] == order_id:
                return {**order, "buyer": bearers.contact(person)}, {"Cache-Control": "no-store"}
    abort(404)
