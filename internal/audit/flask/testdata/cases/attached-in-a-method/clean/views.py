# A method of another module makes the store, under a name of its own; the key of what is kept in it is the caller's.
# not run: its users and their orders are made up
from a_stores import results
from flask import Flask, jsonify
from flask_login import current_user, login_required

app = Flask(__name__)


@app.route("/orders")
@login_required
def orders():
    kept = results.backing.get(f"orders:{current_user.id}")
    if kept:
        return kept
    answer = jsonify(orders=[order.id for order in current_user.orders]).get_data()
    results.backing.setex(f"orders:{current_user.id}", 60, answer)
    return answer
