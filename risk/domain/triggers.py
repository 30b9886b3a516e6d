"""What engages the kill switch by itself: a loss, a burst, books that drift, a market that stands still.

Each is armed by its limit's hard value and fires beyond it; without a hard value it is off. Releasing is for people.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from risk.domain.controls.finding import show
from risk.domain.limits import Limits


@dataclass(frozen=True, slots=True)
class Trigger:
    """One cause: what it measures in words, and the scope and level that it engages."""

    code: str
    what: str
    scope: str
    level: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was measured of one target: an account's code, a connection's name, or nothing for the whole desk."""

    code: str
    target: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Firing:
    """A level to engage, and why."""

    scope: str
    target: str
    level: int
    reason: str


TRIGGERS: Mapping[str, Trigger] = {
    trigger.code: trigger
    for trigger in (
        Trigger("kill_day_loss", "The account's loss of the day, of the equity it opened with, is", "ACCOUNT", 2),
        Trigger("kill_breaks", "Open differences between the account's books and the broker's:", "ACCOUNT", 2),
        Trigger("kill_rejects", "Orders that the broker rejected within five minutes:", "BROKER", 2),
        Trigger("kill_messages", "New orders and changes sent to the broker within a minute:", "BROKER", 3),
        Trigger("kill_unmatched", "Messages to the broker, or slices, beyond what was entered:", "BROKER", 2),
        Trigger("kill_stale_market", "The exchange is open, and the feed's last sign of life is aged", "GLOBAL", 1),
    )
}


def fired(seen: Iterable[Seen], limits: Mapping[str, Limits]) -> list[Firing]:
    """Return what is to be engaged; `limits` are by target, what is not in it goes by those under the empty name."""
    return [firing for one in seen if (firing := _firing(one, limits.get(one.target, limits[""]))) is not None]


def _firing(seen: Seen, limits: Limits) -> Firing | None:
    bound = limits.bounds.get(seen.code)
    if bound is None or bound.hard is None or seen.value <= bound.hard:
        return None
    trigger = TRIGGERS[seen.code]
    reason = f"{trigger.what} {show(seen.value, bound.unit)}; the limit is {show(bound.hard, bound.unit)}."
    return Firing(trigger.scope, seen.target, trigger.level, reason)
