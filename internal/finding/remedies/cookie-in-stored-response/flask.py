from shop import app  # as your application is called


@app.after_request
def keep_cookies_apart(response):
    """For all routes, so that the next one cannot forget it. A cookie is made for one client."""
    if "Set-Cookie" in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
