# Flask-Praetorian: auth_required below the cache, current_user() in the body.
# not run: Flask-Praetorian is not among the packages of the tests
import flask
import flask_praetorian
from flask_caching import Cache

from models import User

app = flask.Flask(__name__)
app.config["SECRET_KEY"] = "top secret"
guard = flask_praetorian.Praetorian()
guard.init_app(app, User)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.route("/protected", methods=["GET"])
@cache.cached(timeout=60)  # want: flask/unkeyed-cache, flask/cache-before-auth
@flask_praetorian.auth_required
def protected():
    return flask.jsonify(message=f"allowed for {flask_praetorian.current_user().username}")
