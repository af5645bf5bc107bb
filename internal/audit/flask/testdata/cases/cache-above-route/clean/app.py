# The caching decorator stands above app.route: what Flask serves is the function below, which no cache wraps.
# ask: GET /notifications with login $WHO
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "above"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)


@login_manager.user_loader
def load_user(user_id):
    user = UserMixin()
    user.id = user_id
    return user


@cache.cached(timeout=60)
@app.route("/notifications")
@login_required
def notifications():
    return jsonify([f"{current_user.id} has a message"])
