# session is a database's, g a graph, request a record, current_user a parameter, token a word: no caller stands behind these names.
# ask: GET /routes/oslo/rome
# ask: GET /words
from dataclasses import dataclass

from flask import Flask, jsonify
from flask_caching import Cache

from graph import g, session

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@dataclass
class Request:
    start: str
    end: str
    headers: tuple = ()


def shortest(request):
    path, here = [request.start], request.start
    while here != request.end:
        here = g.next(here)
        path.append(here)
    return path


def label(current_user):
    return current_user.upper()


@cache.memoize(timeout=60)
def words():
    return [token for token in session.query("select word from words")]


@app.route("/routes/<start>/<end>")
@cache.cached(timeout=60)
def routes(start, end):
    request = Request(start, end)
    return jsonify(path=shortest(request), name=label(start))


@app.route("/words")
def all_words():
    for token in words():
        app.logger.debug("token %s", token)
    return jsonify(words())
