"""The choice of an account for an order: hard filters, then the expected cost; the whole reckoning is kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.orders import Side
from trading.domain.routing.cost import Cost, Outlook, expected_cost


@dataclass(frozen=True, slots=True)
class Facts:
    """What a place must have before its price matters. Quantities are those of the order's legs."""

    may_send: bool
    is_enabled: bool
    is_healthy: bool
    kill_level: int
    is_paused: bool
    is_closing: bool
    holds_position: bool  # enough of every leg that closes
    legs: int
    most_legs: int  # 0: it is not known
    takes_type: bool
    gate: str  # the sentence of the check that blocks, margin included; empty if all pass
    messages_left: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """One account; `preference` is its place in the caller's list, `seen` how many orders of the kind are on record."""

    account: str
    connection: str
    facts: Facts
    outlook: Outlook
    preference: int = 0
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Score:
    """One line of the scorecard; `refusals` are the filters it did not pass, `cost` is reckoned all the same."""

    candidate: Candidate
    cost: Cost
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Want:
    """The order to be placed. The price a share of `mid` is the net's, `opportunity` what a missed share costs."""

    side: Side
    quantity: int
    multiplier: int
    mid: Decimal
    opportunity: Decimal


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Every candidate, the cheapest that may first; `choice` is empty if none may.

    `could_explore`: the order counts among those of which a part goes to the place that is known least.
    """

    scores: tuple[Score, ...]
    choice: str
    reason: str
    could_explore: bool = False
    explores: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """The orders so far that could have explored, and how many did."""

    could: int
    did: int


ONE_IN = 20  # eligible orders explores: at most a twentieth, at any time

Filter = tuple[str, Callable[[Facts], bool], str]

# All are asked, so that the scorecard says everything that stands against a place.
FILTERS: tuple[Filter, ...] = (
    ("PERMISSION", lambda f: f.may_send, "You may not send orders on it."),
    ("ENABLED", lambda f: f.is_enabled, "The account is not enabled."),
    ("HEALTH", lambda f: f.is_healthy, "Its broker is not connected and reconciled."),
    ("KILL", lambda f: f.kill_level == 0 or (f.is_closing and f.kill_level < 3), "The kill switch holds it."),
    ("PAUSED", lambda f: not f.is_paused, "Its connection is paused."),
    ("LOCALITY", lambda f: not f.is_closing or f.holds_position, "The position that the order closes is not there."),
    ("COMBO", lambda f: f.legs == 1 or f.legs <= f.most_legs, "Its broker does not take so many legs as one order."),
    ("TYPE", lambda f: f.takes_type, "Its broker does not take this type of order."),
    ("GATE", lambda f: not f.gate, ""),
    ("RATE", lambda f: f.messages_left > 0, "Its message budget is used up."),
)


def refusals(facts: Facts) -> tuple[str, ...]:
    """Return what stands against a place, one line a filter."""
    return tuple(f"{code}: {sentence or facts.gate}" for code, passes, sentence in FILTERS if not passes(facts))


def choose(want: Want, candidates: Iterable[Candidate], *, past: Past | None = None) -> Scorecard:
    """Return the scorecard. A tie goes to the lower fee, then to who stands first in the caller's list.

    The order goes to one place whole: a combo is never split. With a `past`, every twentieth order that could goes to
    the place that is known least, so that its record does not stay a guess; without one the order does not explore.
    """
    scores = [Score(c, _cost(want, c), refusals(c.facts)) for c in candidates]
    ranked = sorted(scores, key=_rank)
    best = next((score for score in ranked if not score.refusals), None)
    if best is None:
        return Scorecard(tuple(ranked), "", "No candidate passes the filters; nothing was sent.")
    least = min((s for s in ranked if not s.refusals), key=lambda score: score.candidate.seen)
    could = past is not None and least.candidate.seen < best.candidate.seen
    if past is not None and could and (past.did + 1) * ONE_IN <= past.could + 1:
        return Scorecard(tuple(ranked), least.candidate.account, _explored(least, best), could, explores=True)
    return Scorecard(tuple(ranked), best.candidate.account, _reason(best, ranked), could)


def _cost(want: Want, candidate: Candidate) -> Cost:
    return expected_cost(
        candidate.outlook,
        side=want.side,
        quantity=want.quantity,
        multiplier=want.multiplier,
        mid=want.mid,
        opportunity=want.opportunity,
    )


def _rank(score: Score) -> tuple[bool, Decimal, Decimal, int]:
    outlook = score.candidate.outlook
    return (bool(score.refusals), score.cost.total, outlook.fee, score.candidate.preference)


def _explored(least: Score, best: Score) -> str:
    more = least.cost.total - best.cost.total
    known = f"{least.candidate.seen} orders on record against {best.candidate.seen}"
    return f"To learn how it fills: {known}; expected to cost ${more:.2f} more than {best.candidate.account}."


def _reason(best: Score, ranked: list[Score]) -> str:
    eligible = [score for score in ranked if not score.refusals]
    if len(eligible) == 1:
        return "The only candidate that passes the filters."
    second = eligible[1]
    if best.cost.total < second.cost.total:
        return f"The lowest expected cost: ${best.cost.total:.2f} against ${second.cost.total:.2f}."
    if best.candidate.outlook.fee < second.candidate.outlook.fee:
        return f"As cheap as {second.candidate.account}, with the lower fee."
    return f"As cheap as {second.candidate.account}; it stands first in the list."
