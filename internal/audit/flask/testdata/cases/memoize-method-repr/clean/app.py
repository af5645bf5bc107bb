# memoize keys a method by repr(self), and this one has the user's id.
# ask: GET /statistics with login $ID
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "repr"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)
KM = {"1": [5, 10], "2": [42]}


class Runner(UserMixin):
    def __init__(self, id):
        self.id = id

    def __repr__(self):
        return f"<Runner {self.id}>"

    @cache.memoize(60)
    def total(self):
        return sum(KM[self.id])


login_manager.user_loader(Runner)


@app.route("/statistics")
@login_required
def statistics():
    return jsonify(km=current_user.total())
