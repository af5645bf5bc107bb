"""The application that the views here belong to. `from shop import` stands for a developer's own application.

Its views are in the files that VIEWS names.
"""

import collections
import os
import pathlib
import runpy
import sys

from flask import Flask, g
from flask_caching import Cache

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "labs"))
from bearers import BY_SUB, PEOPLE, bearer_required, claims_of, contact, identify, me, presented  # noqa: E402,F401

app = Flask(__name__)
app.register_blueprint(me)
cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
made = collections.Counter()


@app.get("/made")
def how_many():
    """How often each thing was looked up, so that a stored answer can be told from a new one."""
    return dict(made)


def account_of(user, scope):
    """What a token with this scope may see of the user's account."""
    made["accounts"] += 1
    account = {"name": user["name"], "city": user["city"]}
    if "payments:read" in scope.split():
        account.update(iban=user["iban"], balance=user["balance"])
    return account


def orders_of(user):
    return user["orders"]


@app.get("/api/orders")
@bearer_required
def orders():
    return {"orders": [{"id": order["id"]} for order in orders_of(g.user)]}


def order_by_id(order_id):
    """An order, whoever's it is, with whose it is; None for none."""
    for person in PEOPLE.values():
        for order in person["orders"]:
            if order["id"] == order_id:
                return {**order, "owner": person["sub"], "recipient": contact(person)}
    return None


def headlines():
    made["headlines"] += 1
    return ["The oak desk is back", "Free delivery in May"]


def catalog_page(page):
    made["pages"] += 1
    return [{"article": f"article-{n}"} for n in range(10 * page, 10 * page + 10)]


for views in os.environ["VIEWS"].split(os.pathsep):
    runpy.run_path(views)
