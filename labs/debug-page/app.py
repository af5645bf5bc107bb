from flask import Flask, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/debug")
@bearers.bearer_required
def debug():
    return {"method": request.method, "headers": dict(request.headers)}, {"Cache-Control": "no-store"}
