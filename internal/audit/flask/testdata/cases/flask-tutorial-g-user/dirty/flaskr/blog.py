from flask import Blueprint, g, render_template

from . import cache
from .auth import login_required
from .db import get_db

bp = Blueprint("blog", __name__)


@bp.route("/drafts")
@cache.cached(timeout=60)  # want: flask/unkeyed-cache, flask/cache-before-auth
@login_required
def drafts():
    rows = get_db().execute("SELECT title FROM post WHERE draft AND author_id = ?", (g.user["id"],)).fetchall()
    return render_template("blog/index.html", posts=rows)
