# `memoize` on a method of a service: the argument that names the user is in the key.
# ask: GET /parking/history with Authorization: Bearer $JWT
from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

from services.parking import ParkingService
from services.store import cache

app = Flask(__name__)
app.config.update(JWT_SECRET_KEY="park", CACHE_TYPE="SimpleCache")
JWTManager(app)
cache.init_app(app)


@app.get("/parking/history")
@jwt_required()
def history():
    return jsonify(ParkingService.history(get_jwt_identity()))
