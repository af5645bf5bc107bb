# cachelib's SimpleCache by hand, under the name of the view.
# ask: GET /reading-list with Authorization: Basic $BASIC
from cachelib import SimpleCache
from flask import Flask, jsonify
from flask_httpauth import HTTPBasicAuth

app = Flask(__name__)
auth = HTTPBasicAuth()
memory = SimpleCache(threshold=500, default_timeout=60)
BOOKS = {"alice": ["Middlemarch"], "bob": ["Dune", "Emma"]}


@auth.verify_password
def verify(name, password):
    return name if name in BOOKS and password == name + "-password" else None


@app.route("/reading-list")
@auth.login_required
def reading_list():
    key = "reading_list"
    books = memory.get(key)
    if books is None:
        books = BOOKS[auth.current_user()]
        memory.set(key, books)  # want: flask/manual-cache-without-identity
    return jsonify(books)
