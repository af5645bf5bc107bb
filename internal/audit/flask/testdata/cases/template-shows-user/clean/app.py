# The view's template extends a page without a word of the caller.
# ask: GET /articles with login $WHO
from flask import Flask, render_template
from flask_caching import Cache
from flask_login import LoginManager, UserMixin

app = Flask(__name__)
app.config["SECRET_KEY"] = "tpl"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)


@login_manager.user_loader
def load_user(user_id):
    user = UserMixin()
    user.id = user_id
    return user


@app.route("/articles")
@cache.cached(timeout=600)
def articles():
    return render_template("articles.html", articles=["On caches", "On keys"])
