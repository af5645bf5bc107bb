from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Invoice(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    owner = db.Column(db.String(40))
    amount = db.Column(db.Integer)

    def to_dict(self):
        return {"id": self.id, "amount": self.amount}
