"""Tables of the outside world."""

from brokers.models.certifications import Certification
from brokers.models.connections import Account, Connection
from brokers.models.history import HistoryEntry
from brokers.models.order_keys import OrderKeyRow
from brokers.models.paper import (
    PaperAccount,
    PaperBooking,
    PaperExecution,
    PaperInstruction,
    PaperOrder,
    PaperPosition,
    PaperRequest,
)

__all__ = [
    "Account",
    "Certification",
    "Connection",
    "HistoryEntry",
    "OrderKeyRow",
    "PaperAccount",
    "PaperBooking",
    "PaperExecution",
    "PaperInstruction",
    "PaperOrder",
    "PaperPosition",
    "PaperRequest",
]
