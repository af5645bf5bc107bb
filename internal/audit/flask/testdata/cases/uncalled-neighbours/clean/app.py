# The file of helpers, the class and the page have parts that ask for the caller: the cached views use the other parts.
# ask: GET /catalogue with login $WHO
# ask: GET /hours with login $WHO
from flask import Flask, jsonify, render_template
from flask.views import MethodView
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

import helpers

app = Flask(__name__)
app.secret_key = "neighbours"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
LoginManager(app).user_loader(lambda uid: Buyer(uid))


class Buyer(UserMixin):
    def __init__(self, uid):
        self.id = uid


class Catalogue(MethodView):
    @cache.cached(timeout=300)
    def get(self):
        return jsonify(helpers.goods())

    @login_required
    def post(self):
        return jsonify(helpers.basket_of_caller(current_user.id))


app.add_url_rule("/catalogue", view_func=Catalogue.as_view("catalogue"))


@app.route("/hours")
@cache.cached(timeout=300)
def hours():
    return render_template("hours.html")


@app.route("/me")
@login_required
def me():
    return render_template("me.html")
