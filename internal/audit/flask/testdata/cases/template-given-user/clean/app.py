# The view gives the number of users to a template, which shows it.
# ask: GET /help with login $WHO
from flask import Flask, render_template
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required  # noqa: F401

app = Flask(__name__)
app.secret_key = "given"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Caller(uid))


class Caller(UserMixin):
    def __init__(self, uid):
        self.id = uid


@app.route("/help")
@login_required
@cache.cached(timeout=60)
def help_page():
    return render_template("help.html", user={"id": "all 2 of you"})
