# The answer behind the login says that only the caller's own cache may keep it.
# ask: GET /account with Authorization: Bearer $JWT
from flask import Flask, jsonify, make_response
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "zzz"
JWTManager(app)


@app.route("/account")
@jwt_required()
def account():
    response = make_response(jsonify(owner=get_jwt_identity(), plan="gold"))
    response.headers["Cache-Control"] = "private, max-age=300"
    return response
