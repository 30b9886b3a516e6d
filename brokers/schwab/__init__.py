"""Charles Schwab's Trader API."""

from brokers.schwab.auth import SECRETS
from brokers.schwab.session import authorise, open_session
from brokers.schwab.terms import CAPABILITIES

__all__ = ["CAPABILITIES", "SECRETS", "authorise", "open_session"]
