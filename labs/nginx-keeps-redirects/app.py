import hashlib

from flask import Flask, g, redirect

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/statement")
@bearers.bearer_required
def statement():
    name = hashlib.sha256(g.user["sub"].encode()).hexdigest()[:16]
    return redirect(f"https://files.example/statements/{name}.pdf?signature=7f3a91c2")
