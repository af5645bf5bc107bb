# Flask-Login's request_loader knows the caller by a field; the answer and the key are his.
# ask: GET /api/devices with Authorization: Bearer $WHO-token
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "rl"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)
DEVICES = {"alice": ["phone"], "bob": ["tablet", "watch"]}


@login_manager.request_loader
def load_from_request(request):
    token = request.headers.get("Authorization", "").replace("Bearer ", "", 1)
    for name in DEVICES:
        if token == name + "-token":
            user = UserMixin()
            user.id = name
            return user
    return None


@app.route("/api/devices")
@login_required
@cache.cached(timeout=30, key_prefix=lambda: "devices_" + current_user.id)
def devices():
    return jsonify(DEVICES[current_user.id])
