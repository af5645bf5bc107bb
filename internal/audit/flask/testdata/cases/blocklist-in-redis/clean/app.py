# Revoked tokens are keys of Redis by their jti.
# ask: GET /ok with Authorization: Bearer $JWT
import redis
from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "block"
JWTManager(app)
revoked = redis.Redis()


@app.post("/logout")
@jwt_required()
def logout():
    revoked.setex(f"blocked:{get_jwt()['jti']}", 3600, 1)
    return "", 204


@app.get("/ok")
@jwt_required()
def ok():
    if revoked.get(f"blocked:{get_jwt()['jti']}"):
        return jsonify(msg="revoked"), 401
    return jsonify(ok=True)
