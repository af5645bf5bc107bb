# response_filter lets good answers into the cache, and these are the caller's.
# ask: GET /draft with login $WHO
from flask import Flask, jsonify, make_response
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "rf"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: make_user(uid))


def make_user(uid):
    user = UserMixin()
    user.id = uid
    return user


@app.route("/draft")
@login_required
@cache.cached(timeout=60, response_filter=lambda r: r.status_code == 200)  # want: flask/unkeyed-cache
def draft():
    return make_response(jsonify(draft=f"by {current_user.id}"))
