# Flask-JWT-Extended 3: fresh_jwt_required above the cache.
# not run: Flask-JWT-Extended 4 has only jwt_required()
from flask_jwt_extended import fresh_jwt_required, get_jwt_identity, jwt_optional
from flask_restful import Resource

from db import cache
from models.item import ItemModel


class ItemList(Resource):
    @fresh_jwt_required
    @cache.cached(timeout=30)
    def get(self):
        items = [item.json() for item in ItemModel.find_all()]
        return {"items": items}, 200
