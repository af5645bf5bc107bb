from flask import request

from shop import app, catalog_page


@app.get("/api/catalog")
def catalog():
    page = request.args.get("page", 1, type=int)
    host = request.headers.get("X-Forwarded-Host", request.host)
    return {"items": catalog_page(page), "next": f"https://{host}/api/catalog?page={page + 1}"}
