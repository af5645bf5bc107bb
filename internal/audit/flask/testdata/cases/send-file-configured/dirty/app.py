# The configuration gives all files that are sent a lifetime: Flask calls them public, also the invoice behind the login.
# ask: GET /invoice with login $WHO
import io

from flask import Flask, send_file
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
login_manager = LoginManager(app)


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


@app.route("/invoice")
@login_required
def invoice():
    return send_file(io.BytesIO(current_user.id.encode()), mimetype="text/plain")  # want: flask/public-cache-control
