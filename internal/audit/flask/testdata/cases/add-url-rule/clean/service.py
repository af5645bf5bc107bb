# The view is wrapped in the call that registers it, the cache inside the login.
# ask: GET /tickets with login $WHO
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "t"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
lm = LoginManager(app)


@lm.user_loader
def load(uid):
    agent = UserMixin()
    agent.id = uid
    return agent


def tickets():
    return jsonify(open=3, waiting=12)


app.add_url_rule("/tickets", view_func=login_required(cache.cached(60)(tickets)))
