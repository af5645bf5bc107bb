# Everything comes by star imports; the cached list is of the user in g, and g.user.id is in the key.
# ask: GET /notes with session uid=$ID
from application import app  # noqa: F401
