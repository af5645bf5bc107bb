# The object is made for each request.
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


class Desk:
    def __init__(self):
        self.rows = None

    def orders(self):
        if self.rows is None:
            self.rows = ORDERS[current_user.id]
        return self.rows


@app.route("/orders")
@login_required
def orders():
    desk = Desk()
    return jsonify(desk.orders())
