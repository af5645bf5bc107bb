# The cached bodies abort, but not for who asks: nothing found, nothing understood, nothing open at this hour.
# ask: GET /articles/1 with session user=$WHO
# ask: GET /articles/9 with session user=$WHO
# ask: GET /articles?sort=sideways with session user=$WHO
from flask import Flask, abort, jsonify, request, session
from flask_caching import Cache

app = Flask(__name__)
app.config.update(SECRET_KEY="aborts", CACHE_TYPE="SimpleCache", MAINTENANCE=False)
cache = Cache(app)
ARTICLES = {1: "On kettles"}


@app.before_request
def remember():
    session.setdefault("visits", 0)
    if app.config["MAINTENANCE"]:
        abort(503)


@app.route("/articles/<int:number>")
@cache.cached(timeout=60)
def article(number):
    if number not in ARTICLES:
        abort(404)
    return jsonify(title=ARTICLES[number])


@app.route("/articles")
@cache.cached(timeout=60, query_string=True)
def articles():
    sort = request.args.get("sort", "title")
    if sort not in ("title", "date"):
        abort(400, f"cannot sort by {sort}")
    return jsonify(sorted(ARTICLES.values()))
