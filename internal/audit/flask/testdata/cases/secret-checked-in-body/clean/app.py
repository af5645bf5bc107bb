# A shared secret is asked for before the cache.
# ask: GET /cron/report with X-Cron-Secret: letmein
from flask import Flask, abort, request
from flask_caching import Cache

app = Flask(__name__)
app.config.update(CRON_SECRET="letmein", CACHE_TYPE="SimpleCache")
cache = Cache(app)


def check_secret():
    if request.headers.get("X-Cron-Secret") != app.config["CRON_SECRET"]:
        abort(403)


app.before_request(check_secret)


@app.route("/cron/report")
@cache.cached(timeout=300)
def report():
    return {"rows": 42}
