# An attribute that has the names of all callers, and one for a token of the program's own.
# ask: GET /orders with login $WHO
import jwt
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
        self.names = []
        self.access_token = None

    def orders(self):
        if len(self.names) > 99:
            self.names = []
        self.names += [current_user.id]
        if self.access_token is None:
            self.access_token = jwt.encode({"sub": "desk"}, "key", "HS256")
        return ORDERS[current_user.id]


desk = Desk()


@app.route("/orders")
@login_required
def orders():
    return jsonify(desk.orders())
