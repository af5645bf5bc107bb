# The session's basket is shown by a template that another includes.
# ask: GET /catalogue with session basket=$WHO
from flask import Flask, render_template
from flask_caching import Cache

app = Flask(__name__)
app.secret_key = "basket"
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})


@app.route("/catalogue")
@cache.cached(timeout=120, query_string=True)  # want: flask/unkeyed-cache
def catalogue():
    return render_template("catalogue.html", goods=("kettle", "mug"))
