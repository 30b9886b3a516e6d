"""Parents, scripted quotes, and a broker made by hand that the algorithms are played against."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from allcore.kernel.instruments import TickRule
from allcore.kernel.orders import Side
from trading.domain.algos.events import Action, Cancel, Event, Heard, Look, Place, Replace
from trading.domain.algos.parameters import Parameters, WalkParameters
from trading.domain.algos.step import step
from trading.domain.algos.values import Child, ChildStatus, Leg, Parent, State

NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def money(text: str | int) -> Decimal:
    return Decimal(str(text))


def parent(
    parameters: Parameters | None = None,
    *,
    quantity: int = 10,
    limit: str = "2.10",
    is_opening: bool = True,
    legs: tuple[Leg, ...] = (Leg(Side.BUY, 1),),
    lasts: timedelta = HOUR,
) -> Parent:
    return Parent(
        quantity=quantity,
        limit=money(limit),
        least=None,
        tick_rule=TickRule.CENT,
        legs=legs,
        is_opening=is_opening,
        starts_at=NOW,
        ends_at=NOW + lasts,
        seed="seed",
        parameters=parameters or WalkParameters(widest=Decimal("0.50")),
    )


def look(seconds: float = 0, bid: str | None = "1.95", ask: str | None = "2.05", **more: object) -> Look:
    base = Look(
        at=NOW + timedelta(seconds=seconds),
        bid=None if bid is None else money(bid),
        ask=None if ask is None else money(ask),
        opened_for=3600.0,
        left=7200.0,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # a test's own words


@dataclass
class Desk:
    """A run, and the orders that a broker would have for it."""

    parent: Parent
    state: State = field(default_factory=State)
    asked: list[Action] = field(default_factory=list)
    log: list[Event] = field(default_factory=list)

    def hear(self, event: Event) -> tuple[Action, ...]:
        before = self.state
        self.state, actions = step(self.parent, before, event)
        if actions or self.state != before:
            self.log.append(event)
        self.asked += actions
        return actions

    def play(self, events: Iterable[Event]) -> list[Action]:
        return [action for event in events for action in self.hear(event)]

    def child(self, number: int = -1) -> Child:
        return self.state.children[number]

    def becomes(
        self, status: ChildStatus, *, cum: int | None = None, number: int = -1, at: datetime = NOW, reason: str = ""
    ) -> tuple[Action, ...]:
        child = self.child(number)
        done = child.cum if cum is None else cum
        return self.hear(Heard(at, child.step, status, child.qty, done, child.cost, reason))


def prices(actions: Iterable[Action]) -> list[Decimal]:
    return [action.cost for action in actions if isinstance(action, Place | Replace)]


def cancels(actions: Iterable[Action]) -> int:
    return sum(isinstance(action, Cancel) for action in actions)
