# auth.current_user() decides the answer and the key.
# ask: GET /audit-trail with Authorization: Basic $BASIC
from flask import Flask, jsonify
from flask_caching import Cache
from flask_httpauth import HTTPBasicAuth

app = Flask(__name__)
auth = HTTPBasicAuth()
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

TRAIL = [("alice", "logged in"), ("bob", "changed his e-mail"), ("alice", "deleted a file")]


@auth.verify_password
def verify_password(username, password):
    if password == f"{username}-password":
        return username


@auth.get_user_roles
def roles(user):
    return ["admin"] if user == "alice" else ["member"]


@app.route("/audit-trail")
@auth.login_required
@cache.cached(timeout=60, key_prefix=lambda: f"trail-{auth.current_user()}")
def audit_trail():
    return jsonify([what for who, what in TRAIL if who == auth.current_user()])
