"""What a week was: one of eleven types, by an ordered table (protocol 2.4). The first row that holds decides.

Borders belong to the milder type. The last row holds always, so that every week has exactly one type; a week with an
open position never comes to it, since its facts say that a put or shares are held.
"""
# ruff: noqa: ARG005 the rows share one signature, as all rules do

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.errors import InvalidInputError
from trading.domain.protocol.parameter_groups import WeekTypeRules
from trading.domain.protocol.words import Reason, WeekType


class PutEvent(StrEnum):
    """What befell a short put in the week; the gravest if there were several."""

    NONE = "NONE"
    EXPIRED = "EXPIRED"
    CLOSED_PROFIT = "CLOSED_PROFIT"  # bought back at or below what it was sold for
    CLOSED_LOSS = "CLOSED_LOSS"
    ROLLED = "ROLLED"
    ASSIGNED = "ASSIGNED"


class CallEvent(StrEnum):
    """What befell a covered call in the week; the gravest if there were several."""

    NONE = "NONE"
    SOLD = "SOLD"
    EXPIRED = "EXPIRED"
    CLOSED = "CLOSED"
    ROLLED = "ROLLED"
    CALLED_AWAY = "CALLED_AWAY"


class InvalidFactsError(InvalidInputError):
    """The facts of a week contradict one another or lack a number that they need."""

    code = "INVALID_WEEK_FACTS"


@dataclass(frozen=True, slots=True)
class WeekFacts:
    """One account and underlying over one week. Ratios: 0.05 is five percent.

    `shortfall` is (strike - price) / strike of the put at its event or, if still open, at the close; `gain` the move of
    the price since the call was sold; `distance` the price's distance from net cost basis.
    `shares_sold` says that shares left by hand, with `gain` measured from basis if no call was sold.

    Raises:
        InvalidFactsError: a put has no shortfall, shares gone no gain, shares held no distance.
    """

    put_event: PutEvent = PutEvent.NONE
    call_event: CallEvent = CallEvent.NONE
    has_put_at_close: bool = False
    has_shares_at_close: bool = False
    shares_sold: bool = False
    shortfall: Decimal | None = None
    gain: Decimal | None = None
    distance: Decimal | None = None
    is_early: bool = False  # closed or assigned before expiry
    is_below_basis: bool = False  # called away under net cost
    is_roll_credit: bool = False
    idle_reason: Reason | None = None

    def __post_init__(self) -> None:
        """Refuse facts without the number they are judged by."""
        has_put = self.put_event is not PutEvent.NONE or self.has_put_at_close
        for broken, message in (
            (has_put and self.shortfall is None, "A put has a shortfall."),
            (self.shares_left and self.gain is None, "Shares that left have a gain."),
            (self.has_shares_at_close and self.distance is None, "Shares held have a distance from basis."),
        ):
            if broken:
                raise InvalidFactsError(message)

    @property
    def shares_left(self) -> bool:
        """Whether shares were called away or sold."""
        return self.call_event is CallEvent.CALLED_AWAY or self.shares_sold

    @property
    def m(self) -> Decimal:
        """The put's shortfall; 0 where there was no put and no row asks for it."""
        return Decimal(0) if self.shortfall is None else self.shortfall

    @property
    def g(self) -> Decimal:
        """The move since the call was sold."""
        return Decimal(0) if self.gain is None else self.gain

    @property
    def d(self) -> Decimal:
        """The distance from basis."""
        return Decimal(0) if self.distance is None else self.distance


Holds = Callable[[WeekFacts, WeekTypeRules], bool]
Flags = Callable[[WeekFacts, WeekTypeRules], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the decision table; `number` is the protocol's."""

    number: int
    holds: Holds
    week_type: WeekType
    flags: Flags = lambda f, r: ()
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A week's type, and the row that gave it. Provisional: an option is still open over the week's end."""

    week_type: WeekType
    row: int
    flags: tuple[str, ...]
    is_provisional: bool


def _if(condition: bool, flag: str) -> tuple[str, ...]:  # noqa: FBT001 it is the thing said
    return (flag,) if condition else ()


def _idle(facts: WeekFacts) -> tuple[str, ...]:
    return () if facts.idle_reason is None else (str(facts.idle_reason),)


TABLE: tuple[Row, ...] = (
    Row(1, lambda f, r: f.put_event is not PutEvent.NONE and f.m > r.deep, WeekType.P_DD, lambda f, r: ("gbr4",)),
    Row(
        2,
        lambda f, r: f.has_shares_at_close and f.d < -r.deep,
        WeekType.P_DD,
        lambda f, r: ("gbr4", "stock_variant"),
    ),
    Row(
        3,
        lambda f, r: f.put_event is PutEvent.ROLLED,
        WeekType.P_RO,
        lambda f, r: _if(f.is_roll_credit, "roll_net_credit"),
    ),
    Row(4, lambda f, r: f.put_event is PutEvent.CLOSED_LOSS, WeekType.P_RO, lambda f, r: ("defensive_close",)),
    Row(
        5,
        lambda f, r: f.put_event is PutEvent.ASSIGNED and f.m <= r.limit,
        WeekType.P_AWL,
        lambda f, r: _if(f.is_early, "early"),
    ),
    Row(6, lambda f, r: f.put_event is PutEvent.ASSIGNED, WeekType.P_AOL, lambda f, r: _if(f.is_early, "early")),
    Row(
        7,
        lambda f, r: f.shares_left and f.g <= r.limit,
        WeekType.C_WAP,
        lambda f, r: _if(f.is_below_basis, "below_basis") + _if(f.shares_sold, "sold_by_hand"),
    ),
    Row(
        8,
        lambda f, r: f.shares_left,
        WeekType.C_WAP_PLUS,
        lambda f, r: _if(f.g > r.strong, "capped_upside") + _if(f.shares_sold, "sold_by_hand"),
    ),
    Row(9, lambda f, r: f.call_event is CallEvent.ROLLED, WeekType.C_RO),
    Row(10, lambda f, r: f.has_shares_at_close and f.d < -r.strong, WeekType.C_REC),
    Row(
        11,
        lambda f, r: f.has_shares_at_close and f.d < -r.limit,
        WeekType.C_RO,
        lambda f, r: ("resell_lower_due",),
    ),
    Row(
        12,
        lambda f, r: f.has_shares_at_close,
        WeekType.C_PNO,
        lambda f, r: _if(f.call_event is CallEvent.NONE, "no_call_sold"),
    ),
    Row(
        13,
        lambda f, r: f.put_event in (PutEvent.EXPIRED, PutEvent.CLOSED_PROFIT),
        WeekType.P_EW,
        lambda f, r: _if(f.put_event is PutEvent.CLOSED_PROFIT, "profit_take"),
    ),
    Row(14, lambda f, r: f.has_put_at_close and f.m <= 0, WeekType.P_EW, is_provisional=True),
    Row(14, lambda f, r: f.has_put_at_close and f.m <= r.limit, WeekType.P_AWL, is_provisional=True),
    Row(14, lambda f, r: f.has_put_at_close, WeekType.P_RO, is_provisional=True),
    Row(15, lambda f, r: True, WeekType.W_IDL, lambda f, r: _idle(f)),
)

SEVERITY = (
    WeekType.P_DD,
    WeekType.C_REC,
    WeekType.P_AOL,
    WeekType.P_RO,
    WeekType.C_RO,
    WeekType.P_AWL,
    WeekType.C_PNO,
    WeekType.C_WAP_PLUS,
    WeekType.C_WAP,
    WeekType.P_EW,
    WeekType.W_IDL,
)


def label(facts: WeekFacts, rules: WeekTypeRules) -> Label:
    """Return the week's type."""
    row = next(row for row in TABLE if row.holds(facts, rules))
    return Label(row.week_type, row.number, tuple(row.flags(facts, rules)), row.is_provisional)


def headline(types: Iterable[WeekType]) -> WeekType:
    """Return an account's headline: the gravest type of its sleeves; idle without any."""
    return min(types, key=SEVERITY.index, default=WeekType.W_IDL)
