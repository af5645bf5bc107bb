# Revoked tokens are keys of Redis as they are.
# ask: GET /ok with Authorization: Bearer $JWT
import redis
from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "block"
JWTManager(app)
revoked = redis.Redis()


@app.before_request
def refuse_revoked():
    token = request.headers.get("Authorization", "").replace("Bearer ", "")
    if revoked.get(f"blocked:{token}"):  # want: flask/raw-token-in-key
        return jsonify(msg="revoked"), 401


@app.post("/logout")
@jwt_required()
def logout():
    token = request.headers["Authorization"].split()[1]
    revoked.setex(f"blocked:{token}", 3600, 1)  # want: flask/raw-token-in-key
    return "", 204


@app.get("/ok")
@jwt_required()
def ok():
    return jsonify(ok=True)
