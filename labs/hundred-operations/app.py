import time

from flask import Flask, g, request

import bearers

app = Flask(__name__)
made = {}  # of /api/r42, by URL


@app.get("/api/r<int:n>")
@bearers.bearer_required
def record(n):
    if n == 42 and request.full_path in made:
        return made[request.full_path]
    time.sleep(0.05)
    answer = {**bearers.contact(g.user), "record": n}
    if n == 42:
        made[request.full_path] = answer
    return answer, {"Cache-Control": "no-store"}
