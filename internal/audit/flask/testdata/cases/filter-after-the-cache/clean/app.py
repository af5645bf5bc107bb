# The helper that is cached returns the rows of all, and the view picks the caller's.
# ask: GET /bookings with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config.update(JWT_SECRET_KEY="after", CACHE_TYPE="SimpleCache")
JWTManager(app)
cache = Cache(app)
TABLE = [{"who": "alice", "room": 3}, {"who": "bob", "room": 5}]


def all_bookings():
    rows = cache.get("all_bookings")
    if rows is None:
        rows = list(TABLE)
        cache.set("all_bookings", rows)
    return rows


@app.route("/bookings")
@jwt_required()
def bookings():
    return jsonify([r["room"] for r in all_bookings() if r["who"] == get_jwt_identity()])
