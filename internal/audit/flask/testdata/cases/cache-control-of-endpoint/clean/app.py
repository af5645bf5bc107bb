# After the request the answers of one endpoint are made public, which asks for nobody.
# ask: GET /orders with login $WHO
from flask import Flask, jsonify, request
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
login_manager = LoginManager(app)


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


@app.route("/orders")
@login_required
def orders():
    response = jsonify(current_user.id)
    return response


@app.route("/rates")
def rates():
    return jsonify(1.5)


@app.after_request
def say(response):
    if request.endpoint in ("rates",):
        response.headers["Cache-Control"] = "public, max-age=300"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
