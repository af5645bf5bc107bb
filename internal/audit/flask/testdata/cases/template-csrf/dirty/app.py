# A form with the visitor's CSRF token is cached for all visitors.
# ask: GET /subscribe
from flask import Flask, render_template
from flask_caching import Cache
from flask_wtf.csrf import CSRFProtect

app = Flask(__name__)
app.config["SECRET_KEY"] = "form"
CSRFProtect(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.route("/subscribe")
@cache.cached(timeout=300)  # want: flask/unkeyed-cache
def subscribe():
    return render_template("subscribe.html")
