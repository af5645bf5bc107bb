# The model's own query is bound to the caller, and the cached view goes around it.
# ask: GET /mines with login $ID
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config.update(SECRET_KEY="bound", SQLALCHEMY_DATABASE_URI="sqlite://", CACHE_TYPE="SimpleCache")
db = SQLAlchemy(app)
cache = Cache(app)
LoginManager(app).user_loader(lambda uid: Proponent(uid))


class Proponent(UserMixin):
    def __init__(self, uid):
        self.id = uid


class Mine(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    owner_id = db.Column(db.Integer)
    name = db.Column(db.String(40))

    @classmethod
    def visible(cls):
        return db.session.query(cls).filter(cls.owner_id == int(current_user.id))


@app.cli.command("seed")
def seed():
    db.create_all()
    db.session.add_all([Mine(owner_id=1, name="Falun"), Mine(owner_id=2, name="Kiruna")])
    db.session.commit()


@app.route("/mines")
@login_required
@cache.cached(timeout=300)
def mines():
    return jsonify([m.name for m in db.session.query(Mine)])
