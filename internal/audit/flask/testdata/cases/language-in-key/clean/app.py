# The key has the session's language, and so has the page.
# ask: GET /journals with session who=$WHO
from flask import Flask, request, session
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "lang"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
TITLES = {"en": "Journals", "pt": "Periódicos"}


def key_with_language():
    return "%s/%s" % (session.get("lang", "en"), request.full_path)


@app.route("/journals")
@cache.cached(timeout=60, key_prefix=key_with_language)
def journals():
    title = TITLES[session.get("lang", "en")]
    return f"<h1>{title}</h1><p>All of them</p>"
