"""What a broker tells us, in the desk's words, whichever broker it was."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.orders import Side
from allcore.kernel.tickets import OrderTicket


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
    RESTATE = "RESTATE"
    BUST = "BUST"
    CORRECT = "CORRECT"


class BookKind(StrEnum):
    """What befalls a position without an order."""

    EXPIRY = "EXPIRY"
    ASSIGNMENT = "ASSIGNMENT"
    EXERCISE = "EXERCISE"
    CASH_SETTLEMENT = "CASH_SETTLEMENT"  # an index option: its settlement value, and no shares
    SPLIT = "SPLIT"
    DIVIDEND = "DIVIDEND"  # ordinary: cash for shares, nothing for options
    SPECIAL_DIVIDEND = "SPECIAL_DIVIDEND"  # cash for shares, a lower strike for options
    SYMBOL_CHANGE = "SYMBOL_CHANGE"
    INTEREST = "INTEREST"  # on cash, earned or charged; its symbol is CURRENCY
    BORROW_FEE = "BORROW_FEE"  # for shares that were short overnight


CURRENCY = "USD"  # what interest is booked on: cash, as an instrument
COSTS = "$"  # between an execution's name and the cost that came to it later
CLOSINGS = frozenset({BookKind.EXPIRY, BookKind.ASSIGNMENT, BookKind.EXERCISE, BookKind.CASH_SETTLEMENT})


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
    A BUST or CORRECT names the earlier execution in `ref_exec_id`. A bust with
    `raw["reinstated"]` lets its quantity work again.
    A RESTATE says the order's new `order_qty` (the total) and `limit_price`, such as after a corporate action.
    The `cl_ord_id` of an order that is not ours is the name by which the session can cancel it; empty, it is
    `broker_order_id`.
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
    order_qty: int | None = None
    limit_price: Decimal | None = None


def charged(report: ExecutionReport, leg: LegFill) -> ExecutionReport:
    """Return the correction that gives a booked execution its cost, which came after it: `leg` is it, with the cost.

    Its name follows from both, so that it is booked once however often and by whomever it is told.
    """
    named = replace(leg, exec_id=f"{leg.exec_id}{COSTS}{leg.fee.normalize():f}")
    return replace(report, kind=ReportKind.CORRECT, fills=(named,), combo_qty=leg.qty, ref_exec_id=leg.exec_id, raw={})


def uncharged(exec_id: str) -> str:
    """Return the execution's own name, whatever cost came to it later."""
    return exec_id.partition(COSTS)[0]


@dataclass(frozen=True, slots=True)
class BookReport:
    """What befell one position: `qty` contracts or shares of `symbol`, signed as the position was before it.

    EXPIRY, ASSIGNMENT, EXERCISE, CASH_SETTLEMENT end it at `px` a share (of the last, the settlement's intrinsic value;
    of the others 0). For a delivery, `shares` (signed) of `underlying` change hands at `delivery_px` a share,
    in whole cents for all of them.

    SPLIT, SYMBOL_CHANGE, and SPECIAL_DIVIDEND of an option carry it over, its cost unchanged: afterwards it is `to_qty`
    of `to_symbol` (empty and None: as before), one contract of which is priced by `multiplier` and delivers
    `deliverable` shares (None: as before). One report for each position held, the shares and each option, each with an
    event id of its own. `ratio_new` for `ratio_old` is what was announced: 4 for 1, 3 for 2.
    `allcore.kernel.adjustments` says what becomes of an option.

    DIVIDEND, and SPECIAL_DIVIDEND of shares, pay `amount` a share, written above zero: who is short pays it.
    `cash` is other dollars that come with the event (below zero: paid), such as for a fraction of a share in a split;
    it is all that INTEREST (of `CURRENCY`, its `qty` 0) and BORROW_FEE (of the shares) are.
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
    ratio_new: int = 1
    ratio_old: int = 1
    amount: Decimal | None = None
    to_symbol: str = ""
    to_qty: int | None = None
    multiplier: int | None = None
    deliverable: int | None = None
    cash: Decimal = Decimal(0)


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
    taken_back: tuple[ExecutionReport, ...] = ()  # BUSTs of what it traded; one that was never booked is none of ours
    ticket: OrderTicket | None = None  # its terms, `quantity` the total: an order that is not ours is known by them


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
