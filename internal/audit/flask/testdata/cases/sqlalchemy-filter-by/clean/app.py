# The same query in a view that is keyed by the user.
# ask: GET /orders with login $ID
from flask import Flask, jsonify
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config.update(SECRET_KEY="sql", SQLALCHEMY_DATABASE_URI="sqlite://", CACHE_TYPE="SimpleCache")
db = SQLAlchemy(app)
cache = Cache(app)
login_manager = LoginManager(app)


class User(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)


class Order(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    user_id = db.Column(db.ForeignKey(User.id))
    item = db.Column(db.String(80))


@login_manager.user_loader
def load_user(user_id):
    return db.session.get(User, int(user_id))


@app.cli.command("seed")
def seed():
    db.create_all()
    db.session.add_all([User(id=1), User(id=2), Order(user_id=1, item="kettle"), Order(user_id=2, item="lamp")])
    db.session.commit()


@app.route("/orders")
@login_required
@cache.cached(timeout=60, key_prefix=lambda: f"orders/{current_user.id}")
def orders():
    rows = Order.query.filter_by(user_id=current_user.id).all()
    return jsonify([row.item for row in rows])
