from flask import request, url_for

from shop import app, catalog_page  # as your application calls them


@app.get("/api/catalog")
def catalog():
    page = request.args.get("page", 1, type=int)
    # A link without a host leads back to where the client asked. Where one must have it, take it
    # from the configuration, and not from Host or X-Forwarded-Host, which are the client's word.
    return {"items": catalog_page(page), "next": url_for("catalog", page=page + 1)}
