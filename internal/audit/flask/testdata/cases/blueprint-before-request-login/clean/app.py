# The blueprint's before_request is login_required, so a hit is asked, too; the page is the same for all.
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


@staff.route("/rota")
@cache.cached(timeout=3600)
def rota():
    return "Monday: Ada. Tuesday: Grace."


def create_app():
    app = Flask(__name__)
    app.secret_key = "rota"
    cache.init_app(app)
    login_manager.init_app(app)
    app.register_blueprint(staff, url_prefix="/staff")
    return app
