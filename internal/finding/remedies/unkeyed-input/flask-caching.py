from flask import request, url_for

from shop import app, cache, catalog_page  # as your application calls them


@app.get("/api/catalog")
# A view that reads fields or cookies too needs a make_cache_key that has them.
@cache.cached(timeout=60, query_string=True)
def catalog():
    page = request.args.get("page", 1, type=int)
    return {"items": catalog_page(page), "next": url_for("catalog", page=page + 1)}
