# The cache is off in all configurations.
# ask: GET /me with session user=$WHO
from site_app import create_app

app = create_app("production")
