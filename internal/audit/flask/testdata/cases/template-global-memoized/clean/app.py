# A memoized template global is given the user's id by the template.
# ask: GET /start with login $WHO
from flask import Flask, render_template
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required  # noqa: F401

app = Flask(__name__)
app.secret_key = "tg"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)
UNREAD = {"alice": 3, "bob": 0}


@login_manager.user_loader
def load_user(user_id):
    user = UserMixin()
    user.id = user_id
    return user


@app.template_global()
@cache.memoize(timeout=30)
def unread_count(user_id):
    return UNREAD[user_id]


@app.route("/start")
@login_required
def start():
    return render_template("start.html")
