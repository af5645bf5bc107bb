# What a cursor gives are the rows of the user that it was asked about.
# ask: GET /orders with login $WHO
import sqlite3

from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "dev"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
login_manager = LoginManager(app)
ORDERS = {"alice": ["desk"], "bob": ["lamp", "rug"]}


class User(UserMixin):
    def __init__(self, name):
        self.id = name

    def is_editor(self):
        return self.id == "alice"


@login_manager.user_loader
def load_user(user_id):
    return User(user_id)


def rows_of(name):
    db = sqlite3.connect(":memory:")
    cursor = db.cursor()
    cursor.execute("CREATE TABLE orders (who TEXT, what TEXT)")
    for who, what in (("alice", "desk"), ("bob", "lamp"), ("nobody", "")):
        cursor.execute("INSERT INTO orders VALUES (?, ?)", (who, what))
    cursor.execute("SELECT what FROM orders WHERE who = ?", (name,))
    rows = cursor.fetchall()
    cursor.close()
    return [row[0] for row in rows]


@app.route("/orders")
@login_required
@cache.cached(timeout=60)  # want: flask/unkeyed-cache
def orders():
    return jsonify(rows_of(current_user.id))
