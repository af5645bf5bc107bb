# Flashed messages are on a page that is not cached; the cached one has none.
# ask: GET /about with session _flashes=[["message","$WHO is logged in"]]
from flask import Flask, render_template
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "flash"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.get("/contact")
def contact():
    return render_template("contact.html")


@app.get("/about")
@cache.cached(timeout=60)
def about():
    return render_template("about.html")
