# A context processor is cached under a constant, and returns the session's name.
# ask: GET / with session name=$WHO
from flask import Flask, render_template_string, session  # noqa: F401
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "cpc"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.context_processor
@cache.cached(timeout=60, key_prefix="sidebar")  # want: flask/memoize-without-identity
def sidebar():
    return {"note": "Signed in: %s" % session.get("name")}


@app.route("/")
def index():
    return render_template_string("<aside>{{ note }}</aside>")
