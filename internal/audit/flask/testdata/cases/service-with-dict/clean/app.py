# A service object of the module keeps answers in a dict of its own, by person and date.
# ask: GET /calendar/2026-12-01 with Authorization: Basic $BASIC
from flask import Flask, jsonify
from flask_httpauth import HTTPBasicAuth

app = Flask(__name__)
auth = HTTPBasicAuth()
EVENTS = {"alice": {"2026-12-01": ["dentist"]}, "bob": {"2026-12-01": ["party"]}}


@auth.verify_password
def verify(user, password):
    return user if password == f"{user}-password" else None


class Calendar:
    def __init__(self):
        self._days = {}

    def day(self, date):
        me = auth.current_user()
        if (me, date) not in self._days:
            self._days[me, date] = EVENTS[me][date]
        return self._days[me, date]


calendar = Calendar()


@app.route("/calendar/<date>")
@auth.login_required
def day(date):
    return jsonify(calendar.day(date))
