# A TTLCache used as a dict: the key is the path, the value is of the user.
# ask: GET /history with session user=$WHO
from cachetools import TTLCache
from flask import Flask, abort, jsonify, request, session

app = Flask(__name__)
app.secret_key = "ct"
pages = TTLCache(maxsize=1024, ttl=30)
VIEWED = {"alice": ["/a", "/b"], "bob": ["/c"]}


@app.route("/history")
def history():
    user = session.get("user")
    if user is None:
        abort(401)
    key = request.path
    try:
        return jsonify(pages[key])
    except KeyError:
        pass
    answer = VIEWED[user]
    pages[key] = answer  # want: flask/manual-cache-without-identity
    return jsonify(answer)
