# Flask-JWT-Extended is told to look for tokens in the query.
# ask: GET /export?jwt=$JWT
from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "loc"
app.config["JWT_TOKEN_LOCATION"] = ["headers", "query_string"]  # want: flask/token-in-url
app.config["JWT_QUERY_STRING_NAME"] = "jwt"
jwt = JWTManager(app)


@app.route("/export")
@jwt_required()
def export():
    return jsonify(rows=3, of=get_jwt_identity())
