"""What a broker tells us, in the desk's words, whichever broker it was."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.orders import Side


class ReportKind(StrEnum):
    """What happened, as the broker says it (ExecType(150), and what FIX has no word for)."""

    ACK = "ACK"
    REJECT = "REJECT"
    FILL = "FILL"
    CANCEL_ACK = "CANCEL_ACK"
    CANCEL_REJECT = "CANCEL_REJECT"
    REPLACE_ACK = "REPLACE_ACK"
    REPLACE_REJECT = "REPLACE_REJECT"
    EXPIRE = "EXPIRE"
    UNSOLICITED_CANCEL = "UNSOLICITED_CANCEL"
    BUST = "BUST"
    CORRECT = "CORRECT"


class BookKind(StrEnum):
    """What befalls a position without an order."""

    EXPIRY = "EXPIRY"
    ASSIGNMENT = "ASSIGNMENT"
    EXERCISE = "EXERCISE"


@dataclass(frozen=True, slots=True)
class LegFill:
    """One leg's part of an execution: `qty` contracts or shares at `px` per share; `fee` in dollars."""

    exec_id: str
    leg: int
    symbol: str
    side: Side
    qty: int
    px: Decimal
    fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ExecutionReport:
    """One message about one order. `cl_ord_id` is the request's it answers; `transact_at` the exchange's time.

    A FILL carries every leg it filled (`combo_qty` units); the legs of one combo execution come together.
    A BUST or CORRECT names the earlier execution in `ref_exec_id`.
    """

    kind: ReportKind
    connection: str
    account: str
    cl_ord_id: str
    transact_at: datetime
    broker_order_id: str = ""
    fills: tuple[LegFill, ...] = ()
    combo_qty: int = 0
    reason: str = ""
    text: str = ""
    ref_exec_id: str = ""
    raw: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BookReport:
    """An expiry, assignment or exercise: `qty` contracts, signed as the position was, closed at `px`.

    For a delivery, `shares` (signed) of `underlying` change hands at `delivery_px` a share.
    """

    kind: BookKind
    connection: str
    account: str
    event_id: str
    symbol: str
    qty: int
    px: Decimal
    transact_at: datetime
    underlying: str = ""
    shares: int = 0
    delivery_px: Decimal | None = None
    fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class OrderReport:
    """An order as the broker has it now."""

    account: str
    cl_ord_id: str
    broker_order_id: str
    status: str
    order_qty: int
    cum_qty: int
    fills: tuple[ExecutionReport, ...] = ()


@dataclass(frozen=True, slots=True)
class PositionReport:
    """A position as the broker has it now: signed quantity, average price per share."""

    account: str
    symbol: str
    qty: int
    avg_px: Decimal


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """Cash as the broker has it now, in dollars."""

    account: str
    cash: Decimal


@dataclass(frozen=True, slots=True)
class MassStatus:
    """All that the broker has for a connection's accounts at one time. It exists only if every query succeeded."""

    connection: str
    taken_at: datetime
    orders: tuple[OrderReport, ...]
    positions: tuple[PositionReport, ...]
    balances: tuple[BalanceReport, ...]
    bookings: tuple[BookReport, ...] = ()
