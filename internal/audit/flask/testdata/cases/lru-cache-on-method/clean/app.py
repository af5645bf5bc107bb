# lru_cache on a method of one service for all requests, which is given the user.
# ask: GET /greeting with session user=$WHO
from functools import lru_cache

from flask import Flask, session

app = Flask(__name__)
app.secret_key = "lru"


class Greeter:
    def __init__(self, salutation):
        self.salutation = salutation

    @lru_cache(maxsize=128)
    def greet(self, name):
        return f"{self.salutation}, {name}!"


greeter = Greeter("Good morning")


@app.route("/greeting")
def greeting():
    return greeter.greet(session.get("user", "stranger"))
