# cachetools.cachedmethod on the one service of the program: the key is the user and the month.
# ask: GET /bills/3 with Authorization: Bearer $WHO-token
import operator

from cachetools import LRUCache, cachedmethod
from flask import Flask, abort, g, jsonify, request

app = Flask(__name__)
BILLS = {("alice", 3): 40, ("bob", 3): 7}


class Billing:
    def __init__(self):
        self.cache = LRUCache(maxsize=256)

    @cachedmethod(operator.attrgetter("cache"))
    def total(self, customer, month):
        return BILLS[customer, month]


billing = Billing()


@app.before_request
def authenticate():
    header = request.headers.get("Authorization", "")
    if not header.endswith("-token"):
        abort(401)
    g.customer = header[len("Bearer ") : -len("-token")]


@app.route("/bills/<int:month>")
def bills(month):
    return jsonify(total=billing.total(g.customer, month))
