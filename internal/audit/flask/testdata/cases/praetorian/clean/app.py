# Flask-Praetorian: auth_required above the cache, current_user() in the key.
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


def own_key():
    return "protected/%d" % flask_praetorian.current_user().identity


@app.route("/protected", methods=["GET"])
@flask_praetorian.auth_required
@cache.cached(timeout=60, key_prefix=own_key)
def protected():
    return flask.jsonify(message=f"allowed for {flask_praetorian.current_user().username}")
