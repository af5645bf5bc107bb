from flask import g, request

from shop import app, bearer_required


@app.get("/api/session")
@bearer_required
def session():
    return {"user": g.user["name"], "request": dict(request.headers)}
