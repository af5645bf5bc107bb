# The same through `import shop.extensions as ext`, for what all members see alike.
# ask: GET /account/orders with login $ID
from shop import create_app

app = create_app()
