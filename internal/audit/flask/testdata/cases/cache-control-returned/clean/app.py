# The fields are the third of the tuple that a view for everybody returns.
# ask: GET /rates with login $WHO
from flask import Flask
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "rates"
login_manager = LoginManager(app)


@login_manager.user_loader
def load_user(name):
    u = UserMixin()
    u.id = name
    return u


@app.route("/rates")
def rates():
    return {"rate": 3}, 200, {"Cache-Control": "public, max-age=3600"}
