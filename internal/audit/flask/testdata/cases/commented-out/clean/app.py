# What is commented out, or told in a docstring, is no code.
# ask: GET /profile with login $WHO
from flask import Flask, jsonify, request  # noqa: F401
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "quiet"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)


@login_manager.user_loader
def load_user(name):
    u = UserMixin()
    u.id = name
    return u


@app.route("/profile")
# @cache.cached(timeout=60)
@login_required
def profile():
    """The caller's own page.

    Do not write this, the answer is personal:

        @app.route("/profile")
        @cache.cached(timeout=60)
        @login_required
        def profile():
            print(request.headers["Authorization"])
            return jsonify(current_user.id)
    """
    # app.logger.debug("token %s", request.headers.get("Authorization"))
    # key = f"profile:{request.headers['Authorization']}"
    return jsonify(name=current_user.id)
