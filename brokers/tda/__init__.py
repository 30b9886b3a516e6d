"""TD Ameritrade, which closed in May 2024: its orders, names and history in Schwab's and the desk's words."""

from brokers.tda.session import SECRETS, authorise, open_session
from brokers.tda.terms import CAPABILITIES

__all__ = ["CAPABILITIES", "SECRETS", "authorise", "open_session"]
