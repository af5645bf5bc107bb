# key_prefix is made by a function that returns a function, and this one closes over the name alone.
# ask: GET /my/jobs with login $WHO
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

from app_cache import cache, key_for

app = Flask(__name__)
app.config.update(SECRET_KEY="factory", CACHE_TYPE="SimpleCache")
cache.init_app(app)
LoginManager(app).user_loader(lambda uid: Worker(uid))
JOBS = {"alice": ["sweep"], "bob": ["mop", "dust"]}


class Worker(UserMixin):
    def __init__(self, uid):
        self.id = uid


@app.get("/my/jobs")
@login_required
@cache.cached(timeout=60, key_prefix=key_for("jobs"))  # want: flask/unkeyed-cache
def my_jobs():
    return jsonify(JOBS[current_user.id])
