# The same with a key of path and page, for a function that asks nobody.
# ask: GET /watchlist?page=2 with login $WHO
from flask import Flask, jsonify, request
from flask_login import LoginManager, UserMixin, current_user, login_required

from store import remember

app = Flask(__name__)
app.secret_key = "gos"
LoginManager(app).user_loader(lambda uid: Viewer(uid))
FILMS = {"alice": ["Alien"], "bob": ["Brazil"]}


class Viewer(UserMixin):
    def __init__(self, uid):
        self.id = uid


def load():
    return sorted(sum(FILMS.values(), []))


@app.route("/watchlist")
@login_required
def watchlist():
    page = request.args.get("page", "1")
    films = remember(f"{request.path}?page={page}", load)
    return jsonify(page=page, films=films)
