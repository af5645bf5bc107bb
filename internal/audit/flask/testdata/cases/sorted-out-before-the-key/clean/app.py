# The key's user is the one in the path, and so is the answer's.
# ask: GET /u/alice/posts with login $WHO
from cachelib import SimpleCache
from flask import Flask, jsonify
from flask_login import LoginManager, UserMixin, current_user, login_required

app = Flask(__name__)
app.secret_key = "sorted"
LoginManager(app).user_loader(lambda uid: Member(uid))
posts_cache = SimpleCache()
POSTS = [("alice", "public", "hello"), ("alice", "alice", "dear diary"), ("bob", "public", "hi")]


class Member(UserMixin):
    def __init__(self, uid):
        self.id = uid


@app.route("/u/<username>/posts")
@login_required
def posts(username):
    key = f"posts:{username}"
    found = posts_cache.get(key)
    if found is None:
        found = [text for who, to, text in POSTS if who == username and to == "public"]
        posts_cache.set(key, found)
    return jsonify(found)
