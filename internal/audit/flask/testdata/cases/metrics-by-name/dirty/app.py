# A metric is made once, with the labels of whoever is first.
# ask: GET /orders with login $WHO
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
login_manager = LoginManager(app)
metrics = {}


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


def count(name, labels):
    if name not in metrics:
        metrics[name] = sorted(labels.values())
    return metrics[name]


@app.route("/orders")
@login_required
def orders():
    return jsonify(count("orders", {"who": current_user.id}))  # want: flask/manual-cache-without-identity
