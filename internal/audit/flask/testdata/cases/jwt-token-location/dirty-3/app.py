# A factory tells Flask-JWT-Extended to look for tokens in the query, and a function writes an address.
# ask: GET /export?jwt=$JWT
from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required


def create_app():
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = "loc"
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "query_string"]  # want: flask/token-in-url
    app.config["JWT_QUERY_STRING_NAME"] = "jwt"
    JWTManager(app)
    return app


app = create_app()


def feed(part):
    address = "https://api.example.com/feed?access_token={}"  # want: flask/token-in-url
    return address.format(part)


@app.route("/export")
@jwt_required()
def export():
    return jsonify(rows=3, of=get_jwt_identity())
