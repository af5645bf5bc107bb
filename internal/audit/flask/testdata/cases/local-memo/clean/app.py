# A dict that lives as long as one call is called cache, and keeps what is the caller's under keys without him.
# ask: GET /tree with login $WHO
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "local"
LoginManager(app).user_loader(lambda uid: Owner(uid))
CHILDREN = {"alice": {"root": ["a", "b"], "a": [], "b": []}, "bob": {"root": ["c"], "c": []}}


class Owner(UserMixin):
    def __init__(self, uid):
        self.id = uid


def size(node, cache=None):
    cache = {} if cache is None else cache
    if node not in cache:
        cache[node] = 1 + sum(size(child, cache) for child in CHILDREN[current_user.id][node])
    return cache[node]


class Walk:
    def __init__(self):
        self._cache = {}

    def depth(self, node):
        if node not in self._cache:
            below = [self.depth(child) for child in CHILDREN[current_user.id][node]]
            self._cache[node] = 1 + max(below, default=0)
        return self._cache[node]


@app.route("/tree")
@login_required
def tree():
    return jsonify(size=size("root"), depth=Walk().depth("root"))
