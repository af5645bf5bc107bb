# after_request marks the answers of /assets/ public, and no other.
# ask: GET /members/me with session user=$WHO
# ask: GET /assets/logo
from flask import Blueprint, Flask, abort, request, session  # noqa: F401

app = Flask(__name__)
app.config["SECRET_KEY"] = "after"
members = Blueprint("members", __name__, url_prefix="/members")


@members.before_request
def login_required():
    if session.get("user") is None:
        abort(401)


@members.route("/me")
def me():
    return {"user": session["user"]}


@app.route("/assets/logo")
def logo():
    return "<svg/>", 200, {"Content-Type": "image/svg+xml"}


@app.after_request
def add_caching(response):
    if request.path.startswith("/assets/"):
        response.headers["Cache-Control"] = "public, max-age=86400"
    return response


app.register_blueprint(members)
