from flask import Flask, g, jsonify, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    answer = jsonify({**bearers.contact(g.user), "city": g.user["city"]})
    answer.add_etag()
    answer.cache_control.private = True
    answer.cache_control.max_age = 60
    answer.vary.add("Authorization")
    return answer.make_conditional(request)
