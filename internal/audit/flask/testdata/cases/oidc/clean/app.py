# Flask-OIDC: require_login above the cache, the page without it.
# not run: Flask-OIDC wants a provider
from flask import Flask, g, render_template_string
from flask_caching import Cache
from flask_oidc import OpenIDConnect

app = Flask(__name__)
app.config.update(SECRET_KEY="oidc", OIDC_CLIENT_SECRETS="client_secrets.json", CACHE_TYPE="RedisCache")
oidc = OpenIDConnect(app)
cache = Cache(app)


@app.before_request
def before():
    g.email = oidc.user_getfield("email") if oidc.user_loggedin else None


@app.route("/private")
@oidc.require_login
@cache.cached(timeout=300)
def private():
    return render_template_string("Hello, whoever you are")
