from flask import Flask, request
from flask_caching import Cache

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.get("/api/motto")
@cache.cached(timeout=60, query_string=True)
def motto():
    language = request.accept_languages.best_match(["en", "sv"], "en")
    return {"language": language, "motto": {"en": "Luck to you", "sv": "Lycka till"}[language]}, {"Vary": "Accept-Language"}
