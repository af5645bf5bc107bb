# Flask-Security: auth_required below the cache.
# not run: Flask-Security wants a database of users
from flask import Blueprint, render_template
from flask_caching import Cache
from flask_security import auth_required, current_user, roles_required

from .models import Grade

cache = Cache()
bp = Blueprint("school", __name__)


@bp.route("/grades")
@cache.cached(timeout=120)  # want: flask/unkeyed-cache, flask/cache-before-auth
@auth_required("session", "token")
def grades():
    rows = Grade.query.filter_by(student_id=current_user.id)
    return render_template("grades.html", grades=rows)
