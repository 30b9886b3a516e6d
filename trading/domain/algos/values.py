"""What every algorithm is made of: the parent's terms, its children, and where it stands.

Prices are costs: what a share of one unit costs, paid above zero and received below. So every algorithm buys its
package, sells included, "no worse than the limit" is always `cost <= limit`, and a better price is always lower.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.instruments import TickRule
from allcore.kernel.orders import Side
from trading.domain.algos.parameters import Parameters
from trading.domain.algos.prices import TWO

WHOLE = -1  # a child that trades every leg of the package


class Phase(StrEnum):
    """Where a run is in its life. STOPPING waits until the last child is closed; DONE is the end."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    STOPPING = "STOPPING"
    DONE = "DONE"


class Ending(StrEnum):
    """Why a run ends."""

    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    REFUSED = "REFUSED"
    KILLED = "KILLED"


class ChildStatus(StrEnum):
    """What is known of a child. Only CLOSED has no leaves: what is in doubt may fill whole."""

    SENT = "SENT"
    WORKING = "WORKING"
    REPLACING = "REPLACING"
    CANCELLING = "CANCELLING"
    DOUBT = "DOUBT"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of the package."""

    side: Side
    ratio: int
    is_option: bool = True
    tick_rule: TickRule = TickRule.CENT


@dataclass(frozen=True, slots=True)
class Parent:
    """What was approved: no child goes beyond its quantity, its limit or its end. Times are the exchange's.

    `least` is the lowest cost that an order of its kind can name: a debit is never below zero. None is no such bound.
    """

    quantity: int
    limit: Decimal
    least: Decimal | None
    tick_rule: TickRule
    legs: tuple[Leg, ...]
    is_opening: bool
    starts_at: datetime
    ends_at: datetime
    seed: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Child:
    """One order of the run. `qty` is its total, in contracts or units; `at` when it was last asked for anything."""

    step: int
    qty: int
    cost: Decimal
    status: ChildStatus
    at: datetime
    cum: int = 0
    leg: int = WHOLE

    @property
    def leaves(self) -> int:
        """What may yet fill."""
        return 0 if self.status is ChildStatus.CLOSED else max(self.qty - self.cum, 0)


@dataclass(frozen=True, slots=True)
class State:
    """Where a run stands. Nothing of it is kept but the events that led here.

    `hold` says what the market lacks just now. `arrival` is the first mid that was good, `anchor` the one the ladder
    stands on. Until `wake_at`, and while the mid is within `low` and `high`, there is nothing to do.
    """

    phase: Phase = Phase.RUNNING
    ending: Ending | None = None
    reason: str = ""
    hold: str = ""
    hold_since: datetime | None = None
    children: tuple[Child, ...] = ()
    steps: int = 0
    replaces: int = 0
    refusals: int = 0
    not_before: datetime | None = None
    arrival: Decimal | None = None
    anchor: Decimal | None = None
    ladder: tuple[Decimal, ...] = ()
    rung: int = 0
    next_at: datetime | None = None
    volume: int | None = None  # the market's when the run began to count
    spot: Decimal | None = None  # the underlying's when the first leg filled
    wake_at: datetime | None = field(default=None, compare=False)
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def open(self) -> tuple[Child, ...]:
        """The children that may yet fill."""
        return tuple(child for child in self.children if child.status is not ChildStatus.CLOSED)

    def cum(self, leg: int = WHOLE) -> int:
        """Return what has filled of a leg, or of the whole package."""
        return sum(child.cum for child in self.children if child.leg == leg)

    def leaves(self, leg: int = WHOLE) -> int:
        """Return what may yet fill of a leg, or of the whole package."""
        return sum(child.leaves for child in self.children if child.leg == leg)


def sleeps(state: State, at: datetime) -> bool:
    """Return whether no time is up: only the market can wake it."""
    return state.wake_at is not None and at < state.wake_at and state.phase is Phase.RUNNING and not state.hold


def is_in_band(state: State, bid: Decimal, ask: Decimal) -> bool:
    """Return whether the mid is where there is nothing to do."""
    return state.low is None or state.high is None or state.low <= (bid + ask) / TWO <= state.high


def within(parent: Parent, cost: Decimal) -> Decimal:
    """Return the cost, no dearer than the limit and no lower than can be said."""
    cost = min(cost, parent.limit)
    return cost if parent.least is None else max(cost, parent.least)


def done_units(parent: Parent, state: State) -> int:
    """Return the units that are whole: of legged ones, as many as the least filled leg has."""
    whole = state.cum()
    if all(child.leg == WHOLE for child in state.children):
        return whole
    return whole + min(state.cum(index) // leg.ratio for index, leg in enumerate(parent.legs))


def unsent(parent: Parent, state: State) -> int:
    """Return the units that may yet be asked for: of legged ones, as many as the leg with the most to come."""
    if all(child.leg == WHOLE for child in state.children):
        return room(parent, state)
    return max(-(-room(parent, state, index) // leg.ratio) for index, leg in enumerate(parent.legs))


def room(parent: Parent, state: State, leg: int = WHOLE) -> int:
    """Return how much more may be asked for without ever passing the parent's quantity; in doubt counts as open."""
    wanted = parent.quantity if leg == WHOLE else parent.quantity * parent.legs[leg].ratio
    return max(wanted - state.cum(leg) - state.leaves(leg), 0)
