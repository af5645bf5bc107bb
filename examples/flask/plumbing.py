"""What both variants need and neither is about: counters, a health check, the command line."""

import argparse
import functools
import os
import sys
from collections import Counter
from threading import Lock

from flask import Blueprint, g, request
from werkzeug.serving import WSGIRequestHandler, make_server

plumbing = Blueprint("plumbing", __name__)
hits = Counter()
hits_lock = Lock()


def counted(view):
    """Counts how often the view itself runs, so that a request some cache answered can be told from one it did not.

    The view finds its number in g.serial.
    """

    @functools.wraps(view)
    def counting(*args, **kwargs):
        template = request.url_rule.rule.replace("<", "{").replace(">", "}")
        operation = f"{request.method} {template}"
        with hits_lock:
            hits[operation] += 1
            g.serial = hits[operation]
        return view(*args, **kwargs)

    return counting


@plumbing.get("/origin-hits")
def origin_hits():
    with hits_lock:
        return dict(hits)


@plumbing.get("/healthz")
def healthz():
    return {"status": "ok"}


class SilentHandler(WSGIRequestHandler):
    """No access log: Werkzeug's has the whole request target, and with it a token that someone put into a URL."""

    def log(self, type, message, *args):
        pass


def main(app, cache):
    parser = argparse.ArgumentParser(description="An example Flask application, on the loopback interface only.")
    parser.add_argument("--port", type=int, default=5000, help="0 takes a free one (default: %(default)s)")
    parser.add_argument(
        "--cache-seconds", type=int, default=300, help="how long a cached view is kept (default: %(default)s)"
    )
    args = parser.parse_args()
    if args.cache_seconds < 1:
        parser.error("--cache-seconds must be 1 or more: Flask-Caching takes 0 for ever")

    # init_app once more: it is what reads the setting.
    app.config["CACHE_DEFAULT_TIMEOUT"] = args.cache_seconds
    cache.init_app(app)

    if not os.environ.get("EXAMPLE_JWT_SECRET"):
        print(
            "EXAMPLE_JWT_SECRET is not set: using a random secret, so tokens of issue_token.py will be refused; "
            "export EXAMPLE_JWT_SECRET=$(openssl rand -hex 32) here and there",
            file=sys.stderr,
        )
    try:
        server = make_server("127.0.0.1", args.port, app, threaded=True, request_handler=SilentHandler)
    except OSError as error:
        sys.exit(f"cannot listen on 127.0.0.1:{args.port}: {error.strerror}; --port 0 takes a free one")
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
