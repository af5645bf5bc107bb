# The cache is off in the configuration of tests only.
# ask: GET /me with session user=$WHO
from site_app import create_app

app = create_app("production")
