# The cache is re-exported twice before a view meets it; the decorator stands above @login_required.
# ask: GET /team with login $WHO
from portal import make_app

app = make_app()
