# Three calls below the cached view, in a third file, nobody asks for the caller.
# ask: GET /overview with session member=$WHO
from club.web import app  # noqa: F401
