from flask import g, render_template
from flask.ext.login import current_user, login_required

from app import app, cache


@app.before_request
def before_request():
    g.user = current_user


@app.route("/index")
@login_required
@cache.cached(timeout=50)
def index():
    posts = []
    return render_template("index.html", posts=posts)
