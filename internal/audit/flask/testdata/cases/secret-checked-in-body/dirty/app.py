# A shared secret is asked for in the cached body.
# ask: GET /cron/report with X-Cron-Secret: letmein
from flask import Flask, abort, request
from flask_caching import Cache

app = Flask(__name__)
app.config.update(CRON_SECRET="letmein", CACHE_TYPE="SimpleCache")
cache = Cache(app)


def check_secret():
    if request.headers.get("X-Cron-Secret") != app.config["CRON_SECRET"]:
        abort(403)


@app.route("/cron/report")
@cache.cached(timeout=300)  # want: flask/cache-before-auth
def report():
    check_secret()
    return {"rows": 42}
