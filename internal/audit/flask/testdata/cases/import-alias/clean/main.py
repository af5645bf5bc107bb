# Cache by another name, jwt_required by another name: the check is outside, and the answer the same for all.
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
@needs_token
@store.cached(timeout=10)
def stats():
    return fl.jsonify(visitors=4012)
