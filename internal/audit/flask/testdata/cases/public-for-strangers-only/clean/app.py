# The page says public to strangers only.
# ask: GET /landing with login $WHO
from flask import Flask, make_response
from flask_login import LoginManager, UserMixin, current_user

app = Flask(__name__)
app.secret_key = "landing"
LoginManager(app).user_loader(lambda uid: Visitor(uid))


class Visitor(UserMixin):
    def __init__(self, uid):
        self.id = uid


@app.route("/landing")
def landing():
    if current_user.is_authenticated:
        response = make_response(f"<p>Welcome back, {current_user.id}</p>")
        response.headers["Cache-Control"] = "private, max-age=120"
    else:
        response = make_response("<p>Welcome, stranger</p>")
        response.headers["Cache-Control"] = "public, max-age=120"
    return response
