# A public page has one link more for its admins, and the cache key says who is one.
# ask: GET /page/intro with login $WHO
from flask import Flask, render_template_string, request
from flask_caching import Cache
from flask_login import AnonymousUserMixin, LoginManager, UserMixin, current_user

app = Flask(__name__)
app.config.from_mapping(SECRET_KEY="wiki", CACHE_TYPE="SimpleCache")
cache = Cache(app)
login_manager = LoginManager(app)


class User(UserMixin):
    def __init__(self, name):
        self.id, self.is_admin = name, name == "alice"


class Guest(AnonymousUserMixin):
    is_admin = False


login_manager.anonymous_user = Guest
login_manager.user_loader(User)


def page_key():
    return ("admin:" if current_user.is_admin else "all:") + request.path


@app.route("/page/<slug>")
@cache.cached(timeout=300, key_prefix=page_key)
def page(slug):
    html = "<h1>{{ slug }}</h1>"
    if current_user.is_admin:
        html += '<a href="/page/{{ slug }}/edit">Edit</a>'
    return render_template_string(html, slug=slug)
