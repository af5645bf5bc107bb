# The front page, robots.txt and what lies in static are for everybody, and say so.
# ask: GET /
# ask: GET /robots.txt
from flask import Flask, make_response, render_template_string
from flask_login import LoginManager, UserMixin, login_required

app = Flask(__name__)
app.secret_key = "front"
app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31536000
LoginManager(app).user_loader(lambda uid: UserMixin())


@app.route("/")
def index():
    response = make_response(render_template_string("<h1>Welcome</h1><a href=/settings>Settings</a>"))
    response.cache_control.public = True
    response.cache_control.max_age = 600
    return response


@app.route("/robots.txt")
def robots():
    return "User-agent: *\nDisallow: /settings\n", {"Cache-Control": "public, max-age=86400"}


@app.route("/settings")
@login_required
def settings():
    response = make_response("<form></form>")
    response.headers["Cache-Control"] = "no-cache, no-store, must-revalidate, private"
    response.headers["Pragma"] = "no-cache"
    return response
