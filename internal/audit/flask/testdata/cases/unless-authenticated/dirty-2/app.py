# `unless` never holds.
# ask: GET / with login $WHO
from flask import Flask, render_template_string
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user

app = Flask(__name__)
app.config["SECRET_KEY"] = "dev"
app.config["CACHE_TYPE"] = "SimpleCache"
cache = Cache(app)
lm = LoginManager()
lm.init_app(app)


class User(UserMixin):
    def __init__(self, uid):
        self.id = uid


@lm.user_loader
def load_user(uid):
    return User(uid)


HOME = """<nav>{% if current_user.is_authenticated %}Signed in as {{ current_user.id }}{% else %}<a href=/login>Log in</a>{% endif %}</nav>
<p>News of the day</p>"""


@app.route("/")
@cache.cached(timeout=300, unless=lambda: False)  # want: flask/unkeyed-cache
def home():
    return render_template_string(HOME)
