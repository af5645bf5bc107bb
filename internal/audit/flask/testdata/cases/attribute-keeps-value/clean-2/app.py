# The application has in an attribute what is the same for all.
# ask: GET /orders with login $WHO
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
login_manager = LoginManager(app)
ORDERS = {"alice": ["desk"], "bob": ["lamp", "rug"]}


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)

app.rows = None


@app.route("/orders")
@login_required
def orders():
    if app.rows is None:
        app.rows = sorted(sum(ORDERS.values(), []))
    return jsonify(rows=app.rows, you=current_user.id)
