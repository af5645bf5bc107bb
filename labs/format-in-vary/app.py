from flask import Flask, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)
PRICES = {"desk": 120, "lamp": 35}


@app.get("/api/prices")
def prices():
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        return "".join(f"{item},{price}\n" for item, price in PRICES.items()), {"Content-Type": "text/csv", "Vary": "Accept"}
    return PRICES, {"Vary": "Accept"}
