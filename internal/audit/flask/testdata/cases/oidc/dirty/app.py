# Flask-OIDC: require_login below the cache, the page with the user's e-mail.
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
@cache.cached(timeout=300)  # want: flask/unkeyed-cache, flask/cache-before-auth
@oidc.require_login
def private():
    return render_template_string("Hello, {{ email }}", email=g.email)
