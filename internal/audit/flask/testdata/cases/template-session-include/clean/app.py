# The basket's template stands there, and nobody includes it.
# ask: GET /catalogue with session basket=$WHO
from flask import Flask, render_template
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "basket"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.route("/catalogue")
@cache.cached(timeout=120, query_string=True)
def catalogue():
    return render_template("catalogue.html", goods=("kettle", "mug"))
