from flask import Flask, g

import bearers

app = Flask(__name__)


@app.get("/portal/account")
@bearers.bearer_required
def account():
    return {**bearers.contact(g.user), "balance": g.user["balance"]}


class PathParameters:
    """Drops what stands behind a semicolon before Flask routes."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        environ["PATH_INFO"] = environ["PATH_INFO"].partition(";")[0]
        return self.application(environ, start_response)


app.wsgi_app = PathParameters(app.wsgi_app)
