# Who logs in is logged.
# not run: the token is made by the program and no one else knows it
from flask import Flask, current_app, jsonify, request
from flask_jwt_extended import JWTManager, create_access_token

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "issue"
JWTManager(app)


@app.post("/login")
def login():
    username = request.json["username"]
    access_token = create_access_token(identity=username)
    current_app.logger.debug("login of %s", username)
    return jsonify(access_token=access_token)
