# A page for who is logged in is cached by its path, above login_required.
# ask: GET /dashboard with login $WHO
from flask import Flask
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache", "CACHE_DEFAULT_TIMEOUT": 300})
login_manager = LoginManager(app)


class User(UserMixin):
    def __init__(self, name):
        self.id = name
        self.points = len(name) * 10


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


@app.route("/dashboard")
@cache.cached(timeout=60)  # want: flask/unkeyed-cache, flask/cache-before-auth
@login_required
def dashboard():
    return f"<h1>Hello {current_user.id}</h1><p>{current_user.points} points</p>"
