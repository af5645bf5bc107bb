from flask import request

from shop import app  # as your application is called


@app.after_request
def keep_private(response):
    """For all routes, so that the next one cannot forget it."""
    if "Authorization" in request.headers:
        # For the reader's own cache, which outlives a change of user.
        response.vary.add("Authorization")
        control = response.cache_control
        # Each of these lets a shared cache reuse the answer (RFC 9111, section 3.5).
        control.public = control.s_maxage = control.must_revalidate = None
        control.private = True
    return response
