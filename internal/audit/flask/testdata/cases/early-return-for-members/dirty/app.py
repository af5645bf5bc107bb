# The page by hand is kept for all.
# ask: GET /blog with session member=$WHO
from cachelib import SimpleCache
from flask import Flask, request, session

app = Flask(__name__)
app.secret_key = "early"
pages = SimpleCache()


def render():
    name = session.get("member")
    return "<p>%s</p><h1>Blog</h1>" % (name or "Log in")


@app.route("/blog")
def blog():
    page = pages.get(request.path)
    if page is None:
        page = render()
        pages.set(request.path, page, timeout=300)  # want: flask/manual-cache-without-identity
    return page
