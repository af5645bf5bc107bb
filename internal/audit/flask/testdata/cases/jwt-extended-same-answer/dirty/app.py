# Everybody behind the check gets the same report, but a hit skips the check.
# ask: GET /reports/weekly with Authorization: Bearer $JWT
from flask import Flask
from flask_caching import Cache
from flask_jwt_extended import JWTManager, jwt_required

app = Flask(__name__)
app.config.update(JWT_SECRET_KEY="s3cret", CACHE_TYPE="SimpleCache")
JWTManager(app)
cache = Cache(app)


def weekly_totals():
    return {"orders": 1204, "returns": 31}


@app.get("/reports/weekly")
@cache.cached(timeout=3600)  # want: flask/cache-before-auth
@jwt_required()
def weekly():
    return weekly_totals()
