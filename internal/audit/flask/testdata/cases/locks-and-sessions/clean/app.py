# Redis holds a lock, sessions by their number, and a page under its language: each has its key.
# ask: GET /page with Cookie: sid=$WHO-session
import json
import uuid

import redis
from flask import Flask, abort, g, jsonify, request

app = Flask(__name__)
store = redis.Redis(decode_responses=True)
GREETINGS = {"de": "Guten Tag", "en": "Good day"}


def lock(name):
    mine = str(uuid.uuid4())
    return store.set("lock:" + name, mine, nx=True, ex=10)


@app.before_request
def open_session():
    sid = request.cookies.get("sid")
    if sid is None:
        abort(401)
    raw = store.get(f"session:{hash(sid)}")
    g.session = json.loads(raw) if raw else {"user": sid.split("-")[0]}


@app.after_request
def save_session(response):
    if hasattr(g, "session"):
        store.setex(f"session:{hash(request.cookies['sid'])}", 1800, json.dumps(g.session))
    return response


@app.route("/page")
def page():
    lang = request.accept_languages.best_match(["de", "en"]) or "en"
    text = store.get("page:" + lang)
    if text is None and lock("page"):
        text = GREETINGS[lang]
        store.setex("page:" + lang, 60, text)
    return jsonify(text=text or GREETINGS[lang], user=g.session["user"])
