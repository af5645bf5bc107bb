# dogpile.cache writes its arguments into the key as they are, here the caller's token.
# ask: GET /stories?q=tea with Authorization: Bearer $WHO-token
from dogpile.cache import make_region
from flask import Flask, abort, g, jsonify, request

app = Flask(__name__)
entries = {}
region = make_region().configure("dogpile.cache.memory", expiration_time=300, arguments={"cache_dict": entries})
STORIES = {"alice": ["tea in Oslo"], "bob": ["tea in Rome", "tea in Bern"]}


@app.before_request
def authenticate():
    g.token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    g.name = g.token.removesuffix("-token")
    if g.name not in STORIES:
        abort(401)


@region.cache_on_arguments()  # want: flask/raw-token-in-key
def stories(token, q):
    return [s for s in STORIES[token.removesuffix("-token")] if q in s]


@app.route("/stories")
def show():
    return jsonify(stories(g.token, request.args["q"]))
