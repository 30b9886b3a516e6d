"""What every broker must be able to do, whichever it is. Values in and out are the kernel's.

Errors say what the caller should do: InvalidInputError (fix it), RefusedError (accept it), UnavailableError (nothing
was sent, try again), UnknownOutcomeError (it may have arrived: reconcile, never resend).
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from allcore.kernel.orders import OrderTicket, OrdType, TimeInForce
from allcore.kernel.quotes import Quote
from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus


class ReplaceKind(StrEnum):
    """How a broker changes a working order."""

    IN_PLACE = "IN_PLACE"
    CANCEL_NEW = "CANCEL_NEW"
    NONE = "NONE"


class Idempotency(StrEnum):
    """What a broker does with a ClOrdID it has seen."""

    SERVER_KEY = "SERVER_KEY"  # answers with the first order
    ID_REJECT = "ID_REJECT"  # refuses the second
    LOOKUP_ONLY = "LOOKUP_ONLY"  # cannot tell; orders can be listed


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a broker takes natively."""

    ord_types: frozenset[OrdType]
    times_in_force: frozenset[TimeInForce]
    max_legs: int
    replace: ReplaceKind
    idempotency: Idempotency
    order_stream: bool
    preview: bool


@dataclass(frozen=True, slots=True)
class Replacement:
    """New terms of a working order; `quantity` is the total, not what is left."""

    cl_ord_id: str
    orig_cl_ord_id: str
    quantity: int
    limit_price: Decimal | None
    stop_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Health:
    """How a session is. `heard_at` is when the broker last said anything, on the system's clock."""

    is_connected: bool
    heard_at: datetime | None
    details: dict[str, object] = field(default_factory=dict)


class OrderEntry(Protocol):
    """Orders out. A return means that the broker has the message; its answer comes as an event."""

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        """Send a new order, once."""

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        """Ask for new terms."""

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        """Ask to cancel the order last accepted as `orig_cl_ord_id`."""


class AccountReader(Protocol):
    """What the broker has. Each answer is whole, or an error: never empty because a query failed."""

    async def mass_status(self, since: datetime) -> MassStatus:
        """Return orders open and closed since, executions, bookings, positions and balances."""


class QuoteFeed(Protocol):
    """Market data in."""

    async def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for quotes of the symbols as well."""

    async def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Stop asking."""

    def quotes(self) -> AsyncIterator[Quote]:
        """Yield quotes as they come."""


class Session(OrderEntry, AccountReader, Protocol):
    """One login, living in one event loop."""

    capabilities: Capabilities

    async def connect(self) -> None:
        """Log in and be ready."""

    async def health(self) -> Health:
        """Say how the session is."""

    def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        """Yield what the broker says, in the order it says it."""

    async def close(self) -> None:
        """Log out; nothing pending is dropped silently."""
