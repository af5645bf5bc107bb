# The memoized function is given the user, whose repr has his id (Flask-SQLAlchemy's own).
# ask: GET /timeline with login $ID
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config.update(SECRET_KEY="obj", SQLALCHEMY_DATABASE_URI="sqlite://", CACHE_TYPE="SimpleCache")
db = SQLAlchemy(app)
cache = Cache(app)
login_manager = LoginManager(app)


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(20))


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


@app.cli.command("seed")
def seed():
    db.create_all()
    db.session.add_all([User(id=1, name="Alice"), User(id=2, name="Bob")])
    db.session.commit()


@cache.memoize(timeout=30)
def timeline(kind, user):
    return [f"{user.name} joined", f"{kind} of {user.name}"]


@app.route("/timeline")
@login_required
def show():
    return jsonify(timeline("photos", current_user._get_current_object()))
