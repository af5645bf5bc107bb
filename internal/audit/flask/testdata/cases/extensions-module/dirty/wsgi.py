# The cache lives in extensions.py, the view in a blueprint, and the answer is the caller's.
# ask: GET /account/orders with login $ID
from shop import create_app

app = create_app()
