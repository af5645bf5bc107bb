# login_required is outside, and the page is the same for all members.
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
@login_required
@cache.cached(timeout=60)
def dashboard():
    return "<h1>Members' area</h1><p>Opening hours: 9 to 5</p>"
