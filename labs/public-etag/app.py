from flask import Flask, jsonify, request

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)


@app.get("/api/catalog")
def catalog():
    answer = jsonify(catalog=[{"item": "Oak desk", "price": "649.00"}])
    answer.add_etag()
    return answer.make_conditional(request)


@app.get("/api/prices")
@bearers.bearer_required
def prices():
    answer = jsonify(prices=[{"item": "Oak desk", "discount": "5 %"}])
    answer.add_etag()
    return answer.make_conditional(request)
