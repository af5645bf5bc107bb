# Flask-JWT-Extended 3: jwt_optional, and an answer that says who asks.
# not run: Flask-JWT-Extended 4 has only jwt_required()
from flask_jwt_extended import fresh_jwt_required, get_jwt_identity, jwt_optional
from flask_restful import Resource

from db import cache
from models.item import ItemModel


class ItemList(Resource):
    @jwt_optional
    @cache.cached(timeout=30)  # want: flask/unkeyed-cache
    def get(self):
        items = [item.json() for item in ItemModel.find_all()]
        if get_jwt_identity():
            return {"items": items}, 200
        return {"items": [item["name"] for item in items], "message": "More data available if you log in."}, 200
