# The cached bodies tell others of the caller: a queue, a statistic, a log. Their answers are the same for all.
# ask: GET /whitepaper with Authorization: Bearer $JWT
import logging
from collections import Counter
from queue import SimpleQueue

from flask import Flask, g, jsonify, request
from flask_caching import Cache
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

logger = logging.getLogger("downloads")
app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "side"
JWTManager(app)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
readers = Counter()
mails = SimpleQueue()


def track(name, user):
    readers[user] += 1
    mails.put((name, user))


@app.route("/whitepaper")
@jwt_required()
@cache.cached(timeout=3600)
def whitepaper():
    user = get_jwt_identity()
    g.reader = user
    track("whitepaper", user=user)
    logger.info("whitepaper for %s from %s", user, request.remote_addr)
    if user not in readers:
        logger.warning("%s is not counted", user)
    return jsonify(title="On keys of caches", pages=12)
