# Links that are good for one thing and for a while carry their tokens in the URL, as they must; so do pages of a list.
# ask: GET /items?page_token=MTA
# ask: GET /unsubscribe?token=nothing
from flask import Blueprint, Flask, abort, jsonify, redirect, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer

app = Flask(__name__)
app.secret_key = "mail"
auth = Blueprint("auth", __name__, url_prefix="/auth")
serializer = URLSafeTimedSerializer(app.secret_key)


def send_mail(to, subject, body):
    app.logger.info("mail to %s: %s", to, subject)


def send_password_reset(user):
    token = serializer.dumps(user.email, salt="reset")
    link = url_for("auth.reset_password", token=token, _external=True)
    send_mail(user.email, "Your new password", f"Follow {link}")


@auth.route("/reset/<token>")
def reset_password(token):
    try:
        email = serializer.loads(token, salt="reset", max_age=3600)
    except BadData:
        abort(404)
    return f"<form method=post><input type=password name=new> for {email}</form>"


@auth.route("/confirm")
def confirm_email():
    token = request.args.get("token")
    try:
        serializer.loads(token, salt="confirm", max_age=86400)
    except BadData:
        abort(404)
    return redirect(url_for("items"))


@app.route("/unsubscribe")
def unsubscribe():
    try:
        serializer.loads(request.args.get("token", ""), salt="newsletter")
    except BadData:
        return "This link is too old."
    return "You will not hear of us again."


@app.route("/items")
def items():
    page_token = request.args.get("page_token", "")
    return jsonify(items=[], next=url_for("items", page_token=page_token + "x"))


app.register_blueprint(auth)
