import logging
import re

from flask import g

from shop import account_of, app, bearer_required  # as your application calls them

TOKENS = re.compile(r"(?i)\b((?:bearer|basic)\s+|token=)[\w.~+/%-]+=*|\beyJ[\w-]+\.[\w-]+\.[\w-]*")


class WithoutTokens(logging.Formatter):
    """For what libraries log, tracebacks, the line that somebody adds: a net, no leave to log fields."""

    def format(self, record):
        return TOKENS.sub(r"\1...", super().format(record))


handler = logging.StreamHandler()
handler.setFormatter(WithoutTokens("%(asctime)s %(levelname)s %(name)s %(message)s"))
logging.basicConfig(level=logging.INFO, handlers=[handler])


@app.get("/api/account")
@bearer_required
def account():
    app.logger.info("account of %s", g.claims["sub"])  # whose token it was, and not which
    return account_of(g.user, g.claims["scope"])
