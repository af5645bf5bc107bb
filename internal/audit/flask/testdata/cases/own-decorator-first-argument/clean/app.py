# An own caching decorator keys by args[0].id, and args[0] is the tutorial's current_user.
# ask: GET /services with x-access-token: $JWT
from functools import wraps

import jwt
from flask import Flask, jsonify, request

app = Flask(__name__)
app.config["SECRET_KEY"] = "first"
memory = {}
SERVICES = {"alice": ["plumber"], "bob": ["painter"]}


class Customer:
    def __init__(self, id):
        self.id = id


def cache_(timeout=60):
    def outer(func):
        @wraps(func)
        def inner(*args, **kwargs):
            key = f"{func.__name__}/{args[0].id}/{kwargs}"
            if key in memory:
                return memory[key]
            memory[key] = func(*args, **kwargs)
            return memory[key]

        return inner

    return outer


def token_required(func):
    @wraps(func)
    def inner(*args, **kwargs):
        try:
            claims = jwt.decode(request.headers["x-access-token"], app.config["SECRET_KEY"], algorithms=["HS256"])
        except (KeyError, jwt.InvalidTokenError):
            return jsonify(message="Token is missing or invalid"), 401
        return func(Customer(claims["sub"]), *args, **kwargs)

    return inner


@app.route("/services")
@token_required
@cache_(timeout=30)
def services(current_user):
    return jsonify(SERVICES[current_user.id])
