from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    return {**bearers.contact(g.user), "city": g.user["city"]}


class PathParameters:
    """Drops what stands behind a semicolon before Flask routes."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        environ["PATH_INFO"] = environ["PATH_INFO"].partition(";")[0]
        return self.application(environ, start_response)


app.wsgi_app = PathParameters(app.wsgi_app)
