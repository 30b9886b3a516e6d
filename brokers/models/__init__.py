"""Tables of the outside world."""

from brokers.models.connections import Account, Connection
from brokers.models.paper import (
    PaperAccount,
    PaperBooking,
    PaperExecution,
    PaperOrder,
    PaperPosition,
    PaperRequest,
)

__all__ = [
    "Account",
    "Connection",
    "PaperAccount",
    "PaperBooking",
    "PaperExecution",
    "PaperOrder",
    "PaperPosition",
    "PaperRequest",
]
