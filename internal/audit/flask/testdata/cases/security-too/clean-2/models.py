from .extensions import db


class Grade(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    student_id = db.Column(db.Integer, index=True)
    value = db.Column(db.Float)

    @classmethod
    def average(cls):
        return db.session.query(db.func.avg(cls.value)).scalar()
