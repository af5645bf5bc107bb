# `unless` returns whether the session has a user.
# ask: GET /start with session user=$WHO
from flask import Flask, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "start"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.route("/start")
@cache.cached(timeout=60, unless=lambda: "user" in session)
def start():
    return "Hello, " + session.get("user", "stranger")
