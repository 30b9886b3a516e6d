"""The paper broker's records: what its store keeps and its exchange works with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.instructions import InstructionKind
from allcore.kernel.instructions import Standing as InstructionStanding
from allcore.kernel.orders import Side
from allcore.kernel.reports import BookKind, BookReport, ExecutionReport
from allcore.kernel.tickets import OrderTicket
from brokers.paper.actions import Standing
from brokers.paper.market import Looked, Queue, Working
from brokers.paper.triggers import NOT_SEEN, Watch


class Status(StrEnum):
    """Where an order is. PENDING is on its way, WORKING is at the exchange; the rest are closed."""

    PENDING = "PENDING"
    WORKING = "WORKING"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


OPEN_STATUSES = frozenset({Status.PENDING, Status.WORKING})


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order. `cl_ord_id` is its first id and its name here, `current_id` the newest accepted one.

    `ticket` holds the terms in force; its quantity is the total. `arrives_at` and `changed_at` are the system's time,
    `expires_at` the exchange's. `looked` is remembered, not kept. `version` counts the writes: a writer that has missed
    one is refused.
    """

    cl_ord_id: str
    current_id: str
    account: str
    ticket: OrderTicket
    status: Status
    arrives_at: datetime
    changed_at: datetime
    expires_at: datetime | None = None
    cum_qty: int = 0
    fill_count: int = 0
    watch: Watch = NOT_SEEN
    is_resting: bool = False
    queue: Queue | None = None
    looked: Looked | None = None
    reason: str = ""
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether anything may still happen to it."""
        return self.status in OPEN_STATUSES

    @property
    def leaves(self) -> int:
        """Units still to trade."""
        return self.ticket.quantity - self.cum_qty if self.is_open else 0

    @property
    def working(self) -> Working:
        """The order as matching sees it."""
        return Working(
            ticket=self.ticket,
            leaves=self.leaves,
            arrived_at=self.arrives_at,
            watch=self.watch,
            is_resting=self.is_resting,
            expires_at=self.expires_at,
            name=self.cl_ord_id,
            fill_count=self.fill_count,
            queue=self.queue,
            looked=self.looked,
        )


class RequestKind(StrEnum):
    """What is asked about a working order."""

    CANCEL = "CANCEL"
    REPLACE = "REPLACE"


class RequestState(StrEnum):
    """Whether it has been answered."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A cancel or a replace. `order_id` is the order's first id, or empty if no order ever had `orig_cl_ord_id`.

    `quantity`, `limit_price` and `stop_price` are a replace's new terms; the quantity is the total. `ticket`, if the
    replace came with one, holds the rarer terms too.
    """

    cl_ord_id: str
    kind: RequestKind
    account: str
    order_id: str
    orig_cl_ord_id: str
    arrives_at: datetime
    state: RequestState = RequestState.PENDING
    quantity: int | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    reason: str = ""
    version: int = 0
    ticket: OrderTicket | None = None


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One leg's fill. `quote_at` names the update of the quote it took from; `transact_at` is the exchange's time.

    `why` is what decided it: rule, quote, draw.
    """

    order_id: str
    account: str
    exec_id: str
    leg: int
    symbol: str
    side: Side
    qty: int
    px: Decimal
    fee: Decimal
    multiplier: int
    transact_at: datetime
    quote_at: datetime
    units: int
    why: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a corporate action makes of a position, in BookReport's words."""

    ratio_new: int = 1
    ratio_old: int = 1
    amount: Decimal | None = None
    to_symbol: str = ""
    to_qty: int | None = None
    multiplier: int | None = None
    deliverable: int | None = None
    cash: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class BookingRecord:
    """An option's end, what a corporate action does to one position, or a charge. `booked_at` is the system's time."""

    account: str
    event_id: str
    kind: BookKind
    symbol: str
    qty: int
    transact_at: datetime
    booked_at: datetime
    underlying: str = ""
    shares: int = 0
    delivery_px: Decimal | None = None
    px: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)
    carried: Carried | None = None


@dataclass(frozen=True, slots=True)
class InstructionRecord:
    """What is to become of `qty` long contracts. `acts_by`, on the exchange's clock, is the close at which it acts."""

    instruction_id: str
    account: str
    symbol: str
    kind: InstructionKind
    qty: int
    acts_by: datetime
    taken_at: datetime  # the system's clock
    standing: InstructionStanding = InstructionStanding.ACCEPTED
    exercised: int | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What happened at one instant, kept whole or not at all; `reports` are told once it is kept."""

    orders: tuple[OrderRecord, ...] = ()
    requests: tuple[RequestRecord, ...] = ()
    fills: tuple[FillRecord, ...] = ()
    bookings: tuple[BookingRecord, ...] = ()
    standings: tuple[tuple[str, Standing], ...] = ()  # by account
    instructions: tuple[InstructionRecord, ...] = ()
    reports: tuple[ExecutionReport | BookReport, ...] = ()
