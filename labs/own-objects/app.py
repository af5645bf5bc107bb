from flask import Flask, abort, g

import bearers

app = Flask(__name__)
app.register_blueprint(bearers.me)

DOCUMENTS = {
    "doc-77031-contract": {"title": "Lease", "parties": ["Alice Lindqvist", "Bob Okafor"], "readers": ["alice", "bob"]},
    "doc-80112-will": {"title": "Will", "parties": ["Alice Lindqvist"], "readers": ["alice"]},
    "doc-80455-loan": {"title": "Loan", "parties": ["Bob Okafor"], "readers": ["bob"]},
}


@app.after_request
def unstored(response):
    response.cache_control.no_store = True
    return response


@app.get("/api/orders")
@bearers.bearer_required
def orders():
    return {"orders": [{"id": order["id"], "item": order["item"]} for order in g.user["orders"]]}


@app.get("/api/orders/<order_id>")
@bearers.bearer_required
def order(order_id):
    return next((order for order in g.user["orders"] if order["id"] == order_id), None) or abort(404)


def mine():
    return {name: d for name, d in DOCUMENTS.items() if g.user["email"].split("@")[0] in d["readers"]}


@app.get("/api/documents")
@bearers.bearer_required
def documents():
    return {"documents": [{"id": name, "title": d["title"]} for name, d in mine().items()]}


@app.get("/api/documents/<document_id>")
@bearers.bearer_required
def document(document_id):
    found = mine().get(document_id) or abort(404)
    return {"title": found["title"], "parties": found["parties"]}
