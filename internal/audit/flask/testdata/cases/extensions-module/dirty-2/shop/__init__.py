from flask import Flask

from .config import Config
from .extensions import cache, login_manager


def create_app(config=Config):
    app = Flask(__name__)
    app.config.from_object(config)
    cache.init_app(app)
    login_manager.init_app(app)

    from .account.views import account

    app.register_blueprint(account, url_prefix="/account")
    return app
