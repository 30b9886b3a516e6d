"""What the test exchange keeps: orders, executions, accounts. Plain records, changed by the exchange alone."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.orders import OrdType, Side, TimeInForce, TriggerPrice


class Status(StrEnum):
    """Where an order is, in the exchange's words."""

    HELD = "HELD"  # waits for its trigger, its parent, its auction or the test's word
    WORKING = "WORKING"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    REPLACED = "REPLACED"  # another order took its place


OPEN = frozenset({Status.HELD, Status.WORKING})


class Refusal(Exception):  # noqa: N818 what it is: the exchange says no
    """The exchange refuses; `code` is one of a few words that each protocol translates to its own."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of one unit."""

    symbol: str
    side: Side
    ratio: int = 1
    is_opening: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """What is wanted. `limit` is the most that one unit may cost per share, net: what is paid in is negative.

    So a buy at 4.20 has the limit 4.20, a sell at 4.10 the limit -4.10, a credit spread at 1.05 the limit -1.05.
    """

    legs: tuple[Leg, ...]
    quantity: int
    ord_type: OrdType = OrdType.LIMIT
    time_in_force: TimeInForce = TimeInForce.DAY
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    trigger: TriggerPrice = TriggerPrice.LAST
    expire_at: datetime | None = None

    @property
    def side(self) -> Side:
        return self.legs[0].side


@dataclass(frozen=True, slots=True)
class Execution:
    """One leg's part of a trade. `version` rises with a correction; `group` is the same for a combo's legs."""

    key: str
    group: str
    order: int
    leg: int
    symbol: str
    side: Side
    qty: int
    px: Decimal
    fee: Decimal
    at: datetime
    version: int = 1
    is_busted: bool = False

    @property
    def exec_id(self) -> str:
        """The name of this version, in dotted groups of which the last one counts corrections."""
        return f"{self.key}.{self.leg + 1:02d}.{self.version:02d}"


@dataclass(slots=True)
class Order:
    """One order. `ref` is what its sender calls it, `extra` what its protocol must give back as it came."""

    number: int
    account: str
    terms: Terms
    placed_at: datetime
    ref: str = ""
    status: Status = Status.HELD
    cum: int = 0
    reason: str = ""
    group: str = ""  # one fills or ends, the others of the group end
    is_reduced: bool = False  # or rather, a fill takes as much from the others of the group
    parent: int | None = None
    replaces: int | None = None
    replaced_by: int | None = None
    closed_at: datetime | None = None
    is_waiting: bool = False  # held by the test
    is_triggered: bool = False
    cancel_asked: bool = False
    gate: Callable[[], bool] | None = None  # its conditions, until they hold
    extreme: Decimal | None = None  # the best price that a trailing stop has seen
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def leaves(self) -> int:
        return self.terms.quantity - self.cum if self.is_open else 0

    def ends(self, status: Status, at: datetime, reason: str = "") -> None:
        """Close the order."""
        self.status, self.closed_at, self.reason = status, at, reason


@dataclass(slots=True)
class Account:
    """One account's cash and positions: signed quantity and average price per share."""

    number: str
    cash: Decimal
    positions: dict[str, tuple[int, Decimal]] = field(default_factory=dict)

    def trades(self, execution: Execution, multiplier: int) -> None:
        """Book a trade."""
        signed = execution.side.sign * execution.qty
        self.cash -= signed * execution.px * multiplier + execution.fee
        qty, avg = self.positions.get(execution.symbol, (0, Decimal(0)))
        if qty == 0 or (qty > 0) is (signed > 0):
            avg = (qty * avg + signed * execution.px) / (qty + signed)
        elif abs(signed) > abs(qty):
            avg = execution.px
        self.positions[execution.symbol] = (qty + signed, avg)
        if qty + signed == 0:
            del self.positions[execution.symbol]

    def undoes(self, execution: Execution, multiplier: int) -> None:
        """Take a trade back."""
        self.trades(replace(execution, side=execution.side.opposite, fee=-execution.fee), multiplier)
