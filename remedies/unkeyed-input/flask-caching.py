from flask import request, url_for

from shop import app, cache, catalog_page


@app.get("/api/catalog")
@cache.cached(timeout=2)
def catalog():
    page = request.args.get("page", 1, type=int)
    return {"items": catalog_page(page), "next": url_for("catalog", page=page + 1)}
