# current_user.get_token() is in the key.
# ask: GET /appointments with Authorization: Bearer $WHO-token
from cachelib import SimpleCache
from flask import Flask, abort, g, jsonify, request

app = Flask(__name__)
cache = SimpleCache()


class Patient:
    appointments = {"alice": ["Mon 9:00"], "bob": ["Fri 14:30"]}

    def __init__(self, name):
        self.id = name

    def get_token(self):
        return self.id + "-token"


@app.before_request
def load_patient():
    header = request.headers.get("Authorization")
    if header is None:
        abort(401)
    g.patient = Patient(header.split()[1].split("-")[0])


@app.route("/appointments")
def appointments():
    cache_key = "appointments" + g.patient.get_token()
    rows = cache.get(cache_key)  # want: flask/raw-token-in-key
    if rows is None:
        rows = Patient.appointments[g.patient.id]
        cache.set(cache_key, rows, timeout=60)  # want: flask/raw-token-in-key
    return jsonify(rows)
