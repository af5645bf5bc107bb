# A macro, imported with its context, shows the session's user in the cached page.
# ask: GET /gallery with session name=$WHO
from flask import Flask, render_template
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "macro"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.route("/gallery")
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def gallery():
    return render_template("gallery.html", pictures=["cat.png"])
