# The view refuses who is no admin, and the memoized helper knows nothing of it.
# ask: GET /requests with login $WHO
from flask import Flask, abort, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "role"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Person(uid))


class Person(UserMixin):
    def __init__(self, uid):
        self.id, self.role = uid, "admin" if uid == "alice" else "customer"


@cache.memoize(timeout=60)
def open_requests(status):
    return [r for r, s in (("leak in the roof", "open"), ("door", "done")) if s == status]


@app.route("/requests")
@login_required
def requests():
    if current_user.role != "admin":
        abort(403)
    return jsonify(open_requests("open"))
