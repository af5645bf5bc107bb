import hashlib
import uuid

from flask import Flask, g, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)

# An unsigned JWT that widgets carry: {"alg":"none"}, {"widget":"shop"}.
WIDGET = "eyJhbGciOiJub25lIn0.eyJ3aWRnZXQiOiJzaG9wIn0."


@app.get("/api/session")
@bearers.bearer_required
def session():
    return {
        "session": hashlib.sha256(g.user["sub"].encode()).hexdigest(),
        "device": str(uuid.uuid5(uuid.NAMESPACE_URL, g.user["sub"])),
        "request": request.headers.get("X-Request-Id"),
        "widget": WIDGET,
    }
