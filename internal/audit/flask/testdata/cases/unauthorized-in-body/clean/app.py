# login_manager.unauthorized() is called by a before_request.
# ask: GET /handbook with login $WHO
from flask import Flask
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user

app = Flask(__name__)
app.secret_key = "hb"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)


@login_manager.user_loader
def load_user(user_id):
    user = UserMixin()
    user.id = user_id
    return user


@app.before_request
def members_only():
    if not current_user.is_authenticated:
        return login_manager.unauthorized()


@app.route("/handbook")
@cache.cached(timeout=900)
def handbook():
    return "<h1>Handbook</h1>"
