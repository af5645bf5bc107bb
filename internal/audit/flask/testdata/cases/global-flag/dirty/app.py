# A variable of the module says who was there.
# ask: GET /orders with login $WHO
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
login_manager = LoginManager(app)
seen = None


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


@app.route("/orders")
def orders():
    global seen
    if seen is None:
        if current_user.is_authenticated:
            seen = current_user.id  # want: flask/manual-cache-without-identity
    return jsonify(seen)
