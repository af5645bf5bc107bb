from flask_caching import Cache
from flask_login import LoginManager, UserMixin

cache = Cache(config={"CACHE_TYPE": "SimpleCache"})
login = LoginManager()


@login.user_loader
def member(id):
    m = UserMixin()
    m.id = id
    return m
