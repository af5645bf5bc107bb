# The front page says public, and nobody needs a login for it.
# ask: GET /account with Authorization: Bearer $JWT
from flask import Flask, jsonify, make_response
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "zzz"
JWTManager(app)


@app.route("/account")
def front():
    response = make_response(jsonify(plans=["gold", "silver"]))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
