# A context processor puts the user into all templates, and the cached page's does not show him.
# ask: GET /faq with session username=$WHO
from flask import Flask, render_template, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "cp"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.context_processor
def inject():
    return {"viewer": session.get("username"), "year": 2026}


@app.route("/faq")
@cache.cached(timeout=3600)
def faq():
    return render_template("faq.html")
