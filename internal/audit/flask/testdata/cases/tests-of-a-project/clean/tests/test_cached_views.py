# A project's own tests show the wrong order on purpose.
# not run: pytest is not needed for the cases
import pytest
from flask import Flask
from flask_caching import Cache
from flask_login import LoginManager, UserMixin, current_user, login_required


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "test"
    LoginManager(app).user_loader(lambda uid: UserMixin())
    return app


def test_hit_skips_login(app):
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

    @app.route("/secret")
    @cache.cached(timeout=60)
    @login_required
    def secret():
        return current_user.get_id()

    client = app.test_client()
    token = "not-a-real-token"
    print("Authorization:", token)
    assert client.get("/secret", headers={"Authorization": token}).status_code == 401
