# A method of another module makes the store, under a name of its own; the key of what is kept in it is the same for all.
# not run: its users and their orders are made up
from a_stores import results
from flask import Flask, jsonify
from flask_login import current_user, login_required

app = Flask(__name__)


@app.route("/orders")
@login_required
def orders():
    kept = results.backing.get("orders")
    if kept:
        return kept
    answer = jsonify(orders=[order.id for order in current_user.orders]).get_data()
    results.backing.setex("orders", 60, answer)  # want: flask/manual-cache-without-identity
    return answer
