# Token or password (MultiAuth), the cache below both, for what all may see.
# ask: GET /status with Authorization: Bearer $WHO-token
from flask import Flask
from flask_caching import Cache
from flask_httpauth import HTTPBasicAuth, HTTPTokenAuth, MultiAuth

app = Flask(__name__)
basic_auth = HTTPBasicAuth()
token_auth = HTTPTokenAuth("Bearer")
multi_auth = MultiAuth(basic_auth, token_auth)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@basic_auth.verify_password
def verify_password(username, password):
    return username if password == "hunter2" else None


@token_auth.verify_token
def verify_token(token):
    return {"alice-token": "alice", "bob-token": "bob"}.get(token)


@app.route("/status")
@multi_auth.login_required
@cache.cached(timeout=10)
def status():
    return {"jobs": 4, "failed": 0}
