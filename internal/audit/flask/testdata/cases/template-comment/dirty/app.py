# The template shows the user.
# ask: GET /terms with login $WHO
from flask import Flask, render_template
from flask_caching import Cache
from flask_login import LoginManager, UserMixin

app = Flask(__name__)
app.secret_key = "terms"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Reader(uid))


class Reader(UserMixin):
    def __init__(self, uid):
        self.id = uid


@app.route("/terms")
@cache.cached(timeout=3600)  # want: flask/unkeyed-cache
def terms():
    return render_template("legal/terms.html")
