from flask import Flask

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/directory")
def directory():
    return {"people": [bearers.contact(p) for p in bearers.PEOPLE.values()]}
