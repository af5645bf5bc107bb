# pymemcache by hand: the timetable of the caller under the week.
# not run: wants a server of Memcached
import json

from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required
from pymemcache.client.base import Client

from school import Timetable

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "mc"
JWTManager(app)
mc = Client("127.0.0.1:11211")


@app.route("/timetable/<int:week>")
@jwt_required()
def timetable(week):
    cached = mc.get("timetable-%d" % week)
    if cached is not None:
        return jsonify(json.loads(cached))
    rows = Timetable.for_pupil(get_jwt_identity(), week)
    mc.set("timetable-%d" % week, json.dumps(rows), expire=3600)  # want: flask/manual-cache-without-identity
    return jsonify(rows)
