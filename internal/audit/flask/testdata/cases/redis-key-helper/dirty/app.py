# The key comes from a helper in another file, which leaves the user out.
# ask: GET /invoices with session user_id=$ID
from flask import Flask, abort, jsonify, session

from billing.cache_keys import invoices_key
from billing.redis_client import load_json, save_json

app = Flask(__name__)
app.config["SECRET_KEY"] = "inv"
INVOICES = {1: [{"no": 17, "total": 99}], 2: []}


def invoices_for(user_id):
    return INVOICES.get(user_id, [])


@app.get("/invoices")
def list_invoices():
    user_id = session.get("user_id")
    if not user_id:
        abort(401)
    key = invoices_key(2026)
    rows = load_json(key)
    if rows is None:
        rows = invoices_for(user_id)
        save_json(key, rows)  # want: flask/manual-cache-without-identity
    return jsonify(rows)
