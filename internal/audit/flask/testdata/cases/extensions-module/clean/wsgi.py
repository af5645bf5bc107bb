# The cache lives in extensions.py, the view in a blueprint, and the answer is keyed by the caller.
# ask: GET /account/orders with login $ID
from shop import create_app

app = create_app()
