# The same by the attribute of the response.
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
    response.cache_control.public = True  # want: flask/public-cache-control
    response.cache_control.max_age = 300
    return response
