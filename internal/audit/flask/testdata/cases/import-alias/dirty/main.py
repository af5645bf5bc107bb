# Cache by another name, jwt_required by another name: the cache is still outside.
# ask: GET /stats with Authorization: Bearer $JWT
import flask as fl
import flask_jwt_extended as fje
from flask_caching import Cache as C

server = fl.Flask("stats")
server.config["JWT_SECRET_KEY"] = "shh"
fje.JWTManager(server)
store = C(server, config={"CACHE_TYPE": "SimpleCache"})
needs_token = fje.jwt_required()
app = server


@server.route("/stats")
@store.cached(timeout=10)  # want: flask/cache-before-auth
@needs_token
def stats():
    return fl.jsonify(visitors=4012)
