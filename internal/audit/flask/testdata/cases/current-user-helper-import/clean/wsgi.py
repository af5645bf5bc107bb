# An own get_current_user in another file, imported under another name, in the key.
# ask: GET /api/me with Authorization: Bearer $JWT
from backend.api import create_app

app = create_app()
