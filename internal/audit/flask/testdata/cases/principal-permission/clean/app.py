# Flask-Principal's permission is required above the cache.
# ask: GET /moderation with session user=$WHO
from flask import Flask, session
from flask_caching import Cache
from flask_principal import Identity, Permission, Principal, RoleNeed

app = Flask(__name__)
app.secret_key = "principal"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
principals = Principal(app, use_sessions=False)
moderators = Permission(RoleNeed("moderator"))


@principals.identity_loader
def who():
    identity = Identity(session.get("user"))
    if identity.id == "alice":
        identity.provides.add(RoleNeed("moderator"))
    return identity


@app.route("/moderation")
@moderators.require(http_exception=403)
@cache.cached(timeout=60)
def moderation():
    return "<ul><li>Spam by guest 17</li></ul>"
