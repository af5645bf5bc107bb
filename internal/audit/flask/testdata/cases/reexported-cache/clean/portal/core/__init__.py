from .plugins import cache, login

__all__ = ["cache", "login"]
