# Redis by hand: the key is an f-string without the user.
# ask: GET /contacts?sort=name with Authorization: Bearer $JWT
import json

import redis
from flask import Flask, jsonify, request
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "red"
JWTManager(app)
r = redis.Redis(host="localhost", port=6379, db=0)

CONTACTS = {"alice": ["Zoe", "Carl"], "bob": ["Mona"]}


@app.route("/contacts")
@jwt_required()
def contacts():
    user = get_jwt_identity()
    sort = request.args.get("sort", "added")
    key = f"contacts:{sort}"
    stored = r.get(key)
    if stored is not None:
        return jsonify(json.loads(stored))
    rows = CONTACTS[user]
    if sort == "name":
        rows = sorted(rows)
    r.setex(key, 300, json.dumps(rows))  # want: flask/manual-cache-without-identity
    return jsonify(rows)
