# The session is asked in the cached body; the page is the user's.
# ask: GET /home with session user_id=$ID
from flask import Flask, redirect, render_template_string, session, url_for
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = b"_5#y2L"
cache = Cache(config={"CACHE_TYPE": "SimpleCache"})
cache.init_app(app)
NAMES = {1: "Alice", 2: "Bob"}


@app.route("/login")
def login():
    return "<form method=post><input name=username></form>"


@app.route("/home")
@cache.cached(60)  # want: flask/unkeyed-cache, flask/cache-before-auth
def home():
    if "user_id" not in session:
        return redirect(url_for("login"))
    return render_template_string("<p>Welcome back, {{ name }}</p>", name=NAMES[session["user_id"]])
