from flask import Blueprint, abort, jsonify, session

ANIMALS = {"alice": ["tapir"], "bob": ["otter", "lynx"]}


def make_blueprint(cache):
    bp = Blueprint("zoo", __name__)

    @bp.before_request
    def keepers_only():
        if session.get("keeper") not in ANIMALS:
            abort(401)

    @bp.route("/mine")
    @cache.cached(timeout=60, key_prefix=lambda: "zoo/" + session["keeper"])
    def mine():
        return jsonify(ANIMALS[session["keeper"]])

    return bp
