# A function within the view is cached under the path, and picks what the caller may see.
# ask: GET /quizzes with login $WHO
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "nested"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Pupil(uid))
QUIZZES = {"alice": ["fractions"], "bob": ["rivers", "verbs"]}


class Pupil(UserMixin):
    def __init__(self, uid):
        self.id = uid


@app.route("/quizzes")
@login_required
def quizzes():
    @cache.cached(timeout=60)  # want: flask/unkeyed-cache
    def load():
        return QUIZZES[current_user.id]

    return jsonify(load())
