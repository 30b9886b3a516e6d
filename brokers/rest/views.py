"""An order as a broker's list shows it, in the desk's words: what is diffed to learn what happened."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import Side
from allcore.kernel.tickets import OrderTicket

# What reading an answer raises that has another form.
UNREADABLE = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, InvalidInputError)


class Standing(StrEnum):
    """How an order stands at the broker. UNKNOWN is a word that the adapter's table does not have."""

    PENDING = "PENDING"
    WORKING = "WORKING"
    CANCELING = "CANCELING"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    REPLACED = "REPLACED"
    UNKNOWN = "UNKNOWN"


ENDED = frozenset({Standing.FILLED, Standing.CANCELED, Standing.REJECTED, Standing.EXPIRED, Standing.REPLACED})


@dataclass(frozen=True, slots=True)
class ViewLeg:
    """One leg: `ratio` contracts or shares for each unit."""

    symbol: str
    side: Side
    ratio: int


@dataclass(frozen=True, slots=True)
class LegExecution:
    """One execution of one leg (its place in the view's legs): contracts or shares, price per share, dollars."""

    exec_id: str
    leg: int
    qty: int
    px: Decimal
    at: datetime
    fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order. `order_qty` in units; `price` is the limit per share of a unit, None without one."""

    broker_order_id: str
    account: str
    standing: Standing
    legs: tuple[ViewLeg, ...]
    order_qty: int
    entered_at: datetime
    price: Decimal | None = None
    executions: tuple[LegExecution, ...] = ()
    reason: str = ""
    text: str = ""
    raw: dict[str, object] = field(default_factory=dict)
    ticket: OrderTicket | None = field(default=None, compare=False)  # its terms, where the desk has words for them

    @property
    def fingerprint(self) -> str:
        """What an order without a name of ours is known by: account, legs, quantity, price."""
        return _digest(self.account, self.legs, self.order_qty, self.price)


@dataclass(frozen=True, slots=True)
class UnreadOrder:
    """An order of the broker's list that has not the form it should have; without an id, it may be any order."""

    broker_order_id: str
    account: str
    said: str


Listed = OrderView | UnreadOrder


def fingerprint_of(account: str, ticket: OrderTicket) -> str:
    """Return the fingerprint that the ticket's order has at the broker."""
    legs = tuple(ViewLeg(leg.symbol, leg.side, leg.ratio) for leg in ticket.legs)
    return _digest(account, legs, ticket.quantity, ticket.limit_price)


def _digest(account: str, legs: tuple[ViewLeg, ...], quantity: int, price: Decimal | None) -> str:
    shape = sorted((leg.symbol, str(leg.side), leg.ratio) for leg in legs)
    text = repr((account, shape, quantity, None if price is None else f"{price.normalize():f}"))
    return hashlib.sha256(text.encode()).hexdigest()
