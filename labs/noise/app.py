import random
import secrets
import time
import uuid

from flask import Flask, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


def noise():
    return {
        "request_id": str(uuid.uuid4()),
        "nonce": secrets.token_urlsafe(16),
        "now": time.time(),
        "banner": random.choice(["spring sale", "new chairs", "free delivery"]),
    }


@app.get("/api/profile")
@bearers.bearer_required
def profile():
    return {**bearers.contact(g.user), **noise()}


@app.get("/api/status")
def status():
    return {"status": "ok", **noise()}
