import secrets

from flask import Flask, g, render_template_string

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)

PAGE = """<!doctype html>
<html lang="en"><head><title>Account</title></head>
<body><h1>Good day, {{ user.name }}</h1>
<p>Your balance is {{ user.balance }} EUR. Statements go to {{ user.email }}.</p>
<form method="post"><input type="hidden" name="csrf" value="{{ csrf }}"><button>Send</button></form>
</body></html>
"""


@app.get("/account")
@bearers.bearer_required
def account():
    return render_template_string(PAGE, user=g.user, csrf=secrets.token_urlsafe(24))
