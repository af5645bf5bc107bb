# The blueprint's before_request is login_required, the page the same for all; but the cached view belongs to another blueprint, and asks below its cache.
# ask: GET /staff/rota with login $WHO
from flask import Blueprint, Flask
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, login_required

cache = Cache(config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager()
staff = Blueprint("staff", __name__)
public = Blueprint("public", __name__)


@login_manager.user_loader
def load_user(user_id):
    user = UserMixin()
    user.id = user_id
    return user


@staff.before_request
@login_required
def before_request():
    """Protect all of the staff's endpoints."""


@public.route("/rota")
@cache.cached(timeout=3600)  # want: flask/cache-before-auth
@login_required
def rota():
    return "Monday: Ada. Tuesday: Grace."


def create_app():
    app = Flask(__name__)
    app.secret_key = "rota"
    cache.init_app(app)
    login_manager.init_app(app)
    app.register_blueprint(public, url_prefix="/staff")
    return app
