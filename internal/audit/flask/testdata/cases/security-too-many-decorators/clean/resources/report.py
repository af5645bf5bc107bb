# auth_token_required, roles_accepted, the cache.
# not run: Flask-Security wants a database of users
from flask_restful import Resource, fields, marshal
from flask_security import auth_token_required, roles_accepted

from .models import Booking
from .caching import cache

booking = {"id": fields.Integer, "state": fields.String}


class ReportResource(Resource):
    @auth_token_required
    @roles_accepted("admin", "auditor")
    @cache.cached(timeout=30)
    def get(self):
        return [marshal(b, booking) for b in Booking.query.all()], 200
