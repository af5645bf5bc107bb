# The session's token is in the key in the clear, by concatenation in a helper.
# ask: GET /mailbox with session token=$WHO-token
from cachelib import SimpleCache
from flask import Flask, abort, jsonify, session

app = Flask(__name__)
app.secret_key = "mailbox"
store = SimpleCache()
USERS = {"alice-token": "alice", "bob-token": "bob"}


def key_for(name):
    return name + "::" + session["token"]


@app.route("/mailbox")
def mailbox():
    if session.get("token") not in USERS:
        abort(401)
    count = store.get(key_for("unread"))  # want: flask/raw-token-in-key
    if count is None:
        count = len(USERS[session["token"]])
        store.set(key_for("unread"), count, timeout=20)  # want: flask/raw-token-in-key
    return jsonify(unread=count)
