# Everything comes by star imports; the cached list is of the user in g.
# ask: GET /notes with session uid=$ID
from application import app  # noqa: F401
