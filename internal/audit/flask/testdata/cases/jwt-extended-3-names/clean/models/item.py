from db import db


class ItemModel(db.Model):
    __tablename__ = "items"
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80))
    price = db.Column(db.Float(precision=2))

    def json(self):
        return {"id": self.id, "name": self.name, "price": self.price}

    @classmethod
    def find_all(cls):
        return cls.query.all()
