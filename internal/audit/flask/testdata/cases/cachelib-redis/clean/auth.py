from functools import wraps

from flask import g, redirect, session, url_for

from .models import User


def login_required(view):
    @wraps(view)
    def wrapped_view(**kwargs):
        user_id = session.get("user_id")
        g.user = User.query.get(user_id) if user_id else None
        if g.user is None:
            return redirect(url_for("auth.login"))
        return view(**kwargs)

    return wrapped_view
