# args_to_ignore takes the connection out of the key, and leaves the user.
# ask: GET /inventory with session user_id=$ID
from flask import Flask, abort, jsonify, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "ignore"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
ROWS = [(1, "sword"), (2, "shield"), (2, "potion")]


class Connection:
    def select(self, owner):
        return [item for who, item in ROWS if who == owner]


@cache.memoize(timeout=60, args_to_ignore=["conn"])
def inventory_of(conn, user_id):
    return conn.select(user_id)


@app.route("/inventory")
def inventory():
    if "user_id" not in session:
        abort(401)
    return jsonify(inventory_of(Connection(), session["user_id"]))


@app.post("/inventory/clear")
def clear():
    cache.delete_memoized(inventory_of)
    return "", 204
