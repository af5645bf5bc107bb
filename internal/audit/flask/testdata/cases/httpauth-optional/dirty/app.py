# login_required(optional=True) of Flask-HTTPAuth: strangers are welcome, and the caller's own is added.
# ask: GET /recipes with Authorization: Basic $BASIC
from flask import Flask
from flask_caching import Cache
from flask_httpauth import HTTPBasicAuth

app = Flask(__name__)
auth = HTTPBasicAuth()
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
OWN = {"alice": ["grandma's soup"], "bob": []}


@auth.verify_password
def verify(name, password):
    return name if name in OWN and password == name + "-password" else None


@app.route("/recipes")
@auth.login_required(optional=True)
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def recipes():
    shared = ["pancakes", "stew"]
    if auth.current_user():
        return {"recipes": shared + OWN[auth.current_user()]}
    return {"recipes": shared}
