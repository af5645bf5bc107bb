from flask import Flask, Response, g, request

import bearers

app = Flask(__name__)
current = {}  # the ETags given out, by path


@app.before_request
def unchanged():
    for etag in current.get(request.path, ()):
        if request.if_none_match.contains(etag):
            return Response(status=304, headers={"ETag": f'"{etag}"'})


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    answer = app.make_response({**bearers.contact(g.user), "city": g.user["city"]})
    answer.add_etag()
    answer.cache_control.private = True
    answer.cache_control.no_cache = True
    current.setdefault(request.path, set()).add(answer.get_etag()[0])
    return answer


app.register_blueprint(bearers.me)
