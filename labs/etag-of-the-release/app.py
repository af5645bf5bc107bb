from flask import Flask, g, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    answer = app.make_response({**bearers.contact(g.user), "city": g.user["city"]})
    answer.set_etag("release-2024.11")
    answer.cache_control.private = True
    answer.cache_control.no_cache = True
    return answer.make_conditional(request)
