from .core import cache, login
from .web import make_app

__all__ = ["cache", "login", "make_app"]
