# What the cached views read of g, of the fields and of the database is nobody's: a connection, a language, an author, a format.
# ask: GET /posts/alice?page=1 with session user=$WHO
from flask import Flask, g, jsonify, request, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "nobody"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
POSTS = {"alice": ["On kettles"], "bob": ["On lamps"]}


class Database:
    def posts_by(self, username):
        return POSTS[username]


@app.before_request
def connect():
    g.db = Database()
    g.user = session.get("user")


@app.route("/posts/<username>")
@cache.cached(timeout=60, query_string=True)
def posts(username):
    user = {"username": username}
    page = request.args.get("page", type=int)
    found = g.db.posts_by(user["username"])
    if request.headers.get("Accept") == "text/plain":
        return "\n".join(found)
    return jsonify(user=user["username"], page=page, posts=found, server=app.config["SERVER_NAME"])


@app.route("/whoami")
def whoami():
    return jsonify(g.user)
