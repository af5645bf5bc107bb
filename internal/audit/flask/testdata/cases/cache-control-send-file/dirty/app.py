# send_file's max_age on a document of the user: storable, and no Vary.
# ask: GET /payslip with login $WHO
import io

from flask import Flask, send_file
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "slip"
login_manager = LoginManager()
login_manager.init_app(app)


@login_manager.user_loader
def load_user(name):
    employee = UserMixin()
    employee.id = name
    return employee


@app.route("/payslip")
@login_required
def payslip():
    text = f"{current_user.id}: 4711.00"
    return send_file(io.BytesIO(text.encode()), mimetype="text/plain", max_age=600)  # want: flask/public-cache-control
