"""E*TRADE's API, version 1."""

from brokers.etrade.auth import SECRETS
from brokers.etrade.session import authorise, open_session
from brokers.etrade.terms import CAPABILITIES

__all__ = ["CAPABILITIES", "SECRETS", "authorise", "open_session"]
