# Python 2: Flask-Cache above an own check, in a file that Python 3 cannot read.
# not run: Python 3 cannot read it
from functools import wraps

from flask import Flask, abort, jsonify, request
from flask.ext.cache import Cache

app = Flask(__name__)
cache = Cache(app, config={'CACHE_TYPE': 'simple'})
USERS = {}


def auth_required(f):
    @wraps(f)
    def decorated(*args, **kwargs):
        token = request.headers.get('Authorization')
        try:
            user = USERS[token]
        except KeyError, e:
            print 'no such user', type(e)
            abort(401)
        return f(*args, **kwargs)
    return decorated


@app.route('/rooms')
@cache.cached(timeout=60)  # want: flask/cache-before-auth
@auth_required
def rooms():
    return jsonify(rooms=[u'Küche', u'Bad'], total=0777)
