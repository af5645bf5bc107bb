# Decorators on the methods of a MethodView, the caller in the key.
# ask: GET /subscriptions with login $WHO
from flask import Flask, jsonify, request
from flask.views import MethodView
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.config.update(SECRET_KEY="s", CACHE_TYPE="SimpleCache")
cache = Cache(app)
login_manager = LoginManager(app)
SUBSCRIPTIONS = {"alice": ["LWN"], "bob": ["c't", "Make"]}


@login_manager.user_loader
def load_user(user_id):
    u = UserMixin()
    u.id = user_id
    return u


def mine(*args, **kwargs):
    return f"{request.path}#{current_user.get_id()}"


class Subscriptions(MethodView):
    init_every_request = False

    @login_required
    @cache.cached(timeout=300, make_cache_key=mine)
    def get(self):
        return jsonify(SUBSCRIPTIONS[current_user.id])

    @login_required
    def post(self):
        SUBSCRIPTIONS[current_user.id].append(request.json["title"])
        cache.clear()
        return "", 201


app.add_url_rule("/subscriptions", view_func=Subscriptions.as_view("subscriptions"))
