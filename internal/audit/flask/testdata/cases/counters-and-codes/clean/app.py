# Caches hold counters by address, codes by e-mail, revoked numbers of tokens: none is the answer to somebody.
# ask: GET /me with Authorization: Bearer $JWT
import secrets

import redis
from flask import Flask, abort, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "counters"
jwt = JWTManager(app)
store = redis.Redis(decode_responses=True)


@jwt.token_in_blocklist_loader
def is_revoked(header, payload):
    return store.get("revoked:" + payload["jti"]) is not None


@app.before_request
def rate_limit():
    key = f"rate:{request.remote_addr}"
    count = int(store.get(key) or 0) + 1
    store.set(key, count, ex=60)
    if count > 100:
        abort(429)


@app.post("/login/code")
def send_code():
    email = request.json["email"]
    store.setex("code:" + email, 300, secrets.randbelow(10**6))
    return "", 202


@app.delete("/logout")
@jwt_required()
def logout():
    store.set("revoked:" + get_jwt()["jti"], "", ex=3600)
    return jsonify(msg="Access token revoked")


@app.get("/me")
@jwt_required()
def me():
    return jsonify(user=get_jwt_identity())
