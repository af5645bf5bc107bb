# The login puts the user into the cache under one name, and the next caller finds him there.
# ask: GET /whoami with session sid=$WHO
from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "login"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
DIRECTORY = {"alice": "Alice A.", "bob": "Bob B."}


def remember_user():
    user = DIRECTORY.get(session.get("sid"))
    cache.set("logged_in_user", user, timeout=3600)  # want: flask/manual-cache-without-identity
    return user


@app.route("/whoami")
def whoami():
    if "sid" not in session:
        abort(401)
    user = cache.get("logged_in_user") or remember_user()
    return jsonify(user)
