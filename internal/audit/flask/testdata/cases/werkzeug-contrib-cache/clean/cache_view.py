# The old werkzeug.contrib.cache by hand, under the session's user and the path.
# not run: werkzeug.contrib is gone since Werkzeug 1.0
from flask import Flask, render_template, request, session
from werkzeug.contrib.cache import MemcachedCache

from models import Message

app = Flask(__name__)
app.secret_key = "contrib"
cache = MemcachedCache(["127.0.0.1:11211"])


@app.route("/messages")
def messages():
    key = "messages" + str(session["user_id"]) + request.path
    page = cache.get(key)
    if page is None:
        rows = Message.query.filter_by(to=session["user_id"]).all()
        page = render_template("messages.html", rows=rows)
        cache.set(key, page, timeout=5 * 60)
    return page
