from flask import Flask, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/motto")
def motto():
    language = request.accept_languages.best_match(["en", "sv"], "en")
    return {"language": language, "motto": {"en": "Luck to you", "sv": "Lycka till"}[language]}, {"Vary": "Accept-Language"}
