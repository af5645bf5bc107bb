# functools.partial makes the decorator.
# ask: GET /desk with login $WHO
from functools import partial

from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "partial"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Colleague(uid))
DESKS = {"alice": "4.12", "bob": "2.01"}


class Colleague(UserMixin):
    def __init__(self, uid):
        self.id = uid


briefly = partial(cache.cached, timeout=10)


@app.route("/desk")
@login_required
@briefly()  # want: flask/unkeyed-cache
def desk():
    return jsonify(DESKS[current_user.id])
