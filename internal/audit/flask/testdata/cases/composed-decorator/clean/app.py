# One decorator composes login and cache, the login outside.
# ask: GET /wiki with login $WHO
from functools import wraps

from flask import Flask
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, login_required

app = Flask(__name__)
app.secret_key = "composed"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: User(uid))


class User(UserMixin):
    def __init__(self, uid):
        self.id = uid


def member_page(timeout):
    def decorate(view):
        handler = login_required(cache.cached(timeout=timeout)(view))

        @wraps(view)
        def page(**values):
            return handler(**values)

        return page

    return decorate


@app.route("/wiki")
@member_page(300)
def wiki():
    return "<h1>Wiki</h1>"
