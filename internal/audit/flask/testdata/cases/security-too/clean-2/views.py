# Flask-Security: roles_required above the cache, and the same page for all admins.
# not run: Flask-Security wants a database of users
from flask import Blueprint, render_template
from flask_caching import Cache
from flask_security import auth_required, current_user, roles_required

from .models import Grade

cache = Cache()
bp = Blueprint("school", __name__)


@bp.route("/statistics")
@roles_required("admin")
@cache.cached(timeout=120)
def statistics():
    return render_template("statistics.html", average=Grade.average())
