# make_response and no-store in a view behind a login.
# ask: GET /me/invoices with Authorization: Bearer $JWT
from flask import Flask, jsonify, make_response
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "cc"
JWTManager(app)


@app.get("/me/invoices")
@jwt_required()
def invoices():
    res = make_response(jsonify(owner=get_jwt_identity()), 200)
    res.headers.set("Cache-Control", "no-store")
    return res
