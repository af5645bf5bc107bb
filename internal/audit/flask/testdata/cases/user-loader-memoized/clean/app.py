# What is memoized is the loader of users, by their ids, and a few things that are the program's own.
# ask: GET /me with login $ID
from functools import lru_cache

from flask import Flask, current_app, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.config.update(SECRET_KEY="loader", CACHE_TYPE="SimpleCache", FEATURES="chat,mail")
cache = Cache(app)
login_manager = LoginManager(app)
NAMES = {1: "Alice", 2: "Bob"}


class User(UserMixin):
    def __init__(self, id, name):
        self.id, self.name = id, name

    @classmethod
    @cache.memoize(timeout=600)
    def count(cls):
        return len(NAMES)


@login_manager.user_loader
@cache.memoize(timeout=60)
def load_user(user_id):
    return User(int(user_id), NAMES[int(user_id)])


@lru_cache(maxsize=1)
def features():
    return frozenset(current_app.config["FEATURES"].split(","))


@lru_cache
def greeting(name):
    return f"Hello {name}"


@app.route("/me")
@login_required
def me():
    return jsonify(greeting=greeting(current_user.name), of=User.count(), features=sorted(features()))
