# login_manager.unauthorized() is called in the cached body.
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


@app.route("/handbook")
@cache.cached(timeout=900)  # want: flask/cache-before-auth
def handbook():
    if not current_user.is_authenticated:
        return login_manager.unauthorized()
    return "<h1>Handbook</h1>"
