# The caller is asked for three calls below the cached view, in a third file.
# ask: GET /overview with session member=$WHO
from club.web import app  # noqa: F401
