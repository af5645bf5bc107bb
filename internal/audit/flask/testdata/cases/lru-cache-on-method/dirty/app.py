# lru_cache on a method of one service for all requests, which asks the request for its user.
# ask: GET /greeting with session user=$WHO
from functools import lru_cache

from flask import Flask, session

app = Flask(__name__)
app.secret_key = "lru"


class Greeter:
    def __init__(self, salutation):
        self.salutation = salutation

    @lru_cache(maxsize=128)  # want: flask/memoize-without-identity
    def greet(self):
        return f"{self.salutation}, {session.get('user', 'stranger')}!"


greeter = Greeter("Good morning")


@app.route("/greeting")
def greeting():
    return greeter.greet()
