# The base class checks in dispatch_request, and the cache is on the method it dispatches to.
# ask: GET /backups with X-Api-Key: $WHO-key
from flask import Flask, abort, jsonify, request
from flask.views import MethodView
from flask_caching import Cache

app = Flask(__name__)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
OPERATORS = {"alice-key"}


class ProtectedView(MethodView):
    def dispatch_request(self, **kwargs):
        if request.headers.get("X-Api-Key") not in OPERATORS:
            abort(403)
        return super().dispatch_request(**kwargs)


class Backups(ProtectedView):
    @cache.cached(timeout=60)
    def get(self):
        return jsonify(latest="2026-11-29", size_gb=41)


app.add_url_rule("/backups", view_func=Backups.as_view("backups"))
