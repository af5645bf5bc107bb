# Flask-SimpleLogin's login_required below the cache.
# not run: Flask-SimpleLogin is not among the packages of the tests
from flask import Flask
from flask_caching import Cache
from flask_simplelogin import SimpleLogin, login_required

app = Flask(__name__)
app.config.update(SECRET_KEY="simple", CACHE_TYPE="SimpleCache")
SimpleLogin(app)
cache = Cache(app)


@app.route("/secret")
@cache.cached(timeout=60)  # want: flask/cache-before-auth
@login_required(must=None)
def secret():
    return "The treasure is under the oak."
