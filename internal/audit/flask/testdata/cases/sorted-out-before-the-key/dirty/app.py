# The key's user is the one in the path, and the answer's the one who asks.
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
        found = [text for who, to, text in POSTS if who == username and to in ("public", current_user.id)]
        posts_cache.set(key, found)  # want: flask/manual-cache-without-identity
    return jsonify(found)
