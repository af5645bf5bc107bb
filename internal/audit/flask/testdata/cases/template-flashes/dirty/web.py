# Flashed messages of one visitor are rendered into a page for all.
# ask: GET /about with session _flashes=[["message","$WHO is logged in"]]
from flask import Flask, flash, redirect, render_template, request
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "flash"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.post("/login")
def login():
    flash(f"{request.form['name']} is logged in")
    return redirect("/about")


@app.get("/contact")
def contact():
    return render_template("contact.html")


@app.get("/about")
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def about():
    return render_template("contact.html")
