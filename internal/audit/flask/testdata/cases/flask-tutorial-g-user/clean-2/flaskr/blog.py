from flask import Blueprint, g, render_template

from . import cache
from .auth import login_required
from .db import get_db

bp = Blueprint("blog", __name__)


@bp.route("/")
@cache.cached(timeout=60)
def index():
    rows = get_db().execute("SELECT title FROM post WHERE NOT draft").fetchall()
    return render_template("blog/index.html", posts=rows)


@bp.route("/create", methods=("GET", "POST"))
@login_required
def create():
    return render_template("blog/create.html", author=g.user)
