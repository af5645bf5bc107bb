# The tutorial's decorator prints what it decodes, the token itself.
# ask: GET /hello with x-access-token: $JWT
from functools import wraps

import jwt
from flask import Flask, jsonify, request

app = Flask(__name__)
app.config["SECRET_KEY"] = "thisisthesecretkey"


def token_required(f):
    @wraps(f)
    def decorated(*args, **kwargs):
        token = request.headers["x-access-token"] if "x-access-token" in request.headers else None
        if not token:
            return jsonify({"message": "a valid token is missing"}), 401
        print("TOKEN: " + token)  # want: flask/token-in-log
        try:
            jwt.decode(token, app.config["SECRET_KEY"], algorithms=["HS256"])
        except jwt.ExpiredSignatureError:
            print("token expired")
            return jsonify({"message": "token expired"}), 401
        except jwt.PyJWTError as e:
            app.logger.warning("token refused: %s", type(e).__name__)
            return jsonify({"message": "token is invalid"}), 401
        return f(*args, **kwargs)

    return decorated


@app.route("/hello")
@token_required
def hello():
    return "hello"
