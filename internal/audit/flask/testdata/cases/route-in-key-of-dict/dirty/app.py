# A dict of dicts: the first key is the view, the second the page, none the user.
# ask: GET /journal/1 with Authorization: Bearer $JWT
from collections import defaultdict

from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "journal"
JWTManager(app)
kept = defaultdict(dict)
ENTRIES = {"alice": {1: "rain"}, "bob": {1: "sun"}}


@app.route("/journal/<int:page>")
@jwt_required()
def journal(page):
    user = get_jwt_identity()
    pages = kept["journal"]
    if page not in pages:
        pages[page] = ENTRIES[user][page]  # want: flask/manual-cache-without-identity
    return jsonify(pages[page])
