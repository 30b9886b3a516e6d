"""Moving a short option: the acceptable roll of a put (protocol 4.3) and the roll-down of a call (4.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from allcore.kernel.money import ceil_to_tick
from trading.domain.proposals.sentences import price
from trading.domain.protocol.strikes import CENTS, Candidate


@dataclass(frozen=True, slots=True)
class OldPut:
    """The put to be rolled, in dollars a share. `cost` buys it back; `credit` is what the cycle brought in."""

    strike: Decimal
    expiry: date
    first_credit: Decimal  # of the original sale, which the debit tolerance is measured by
    credit: Decimal  # of the cycle so far, net
    cost: Decimal
    contracts: int
    multiplier: int
    rolls: int


@dataclass(frozen=True, slots=True)
class RollLimits:
    """What bounds a roll. `secured_most` is the dollars that the new puts may bind."""

    debit_tolerance: Decimal
    max_consecutive: int
    secured_most: Decimal


@dataclass(frozen=True, slots=True)
class RollChoice:
    """The roll found, its net per share (a credit above zero) and the least acceptable one, or why there is none."""

    candidate: Candidate | None
    net: Decimal
    rejected: tuple[tuple[Candidate, str], ...]
    sentence: str
    least: Decimal = Decimal(0)


def choose_roll(old: OldPut, by_expiry: Iterable[Iterable[Candidate]], limits: RollLimits) -> RollChoice:
    """Return the lowest acceptable strike of the nearest expiry that has one.

    Shapes: `by_expiry` holds the candidates of each later expiry, nearest first.
    """
    if old.rolls >= limits.max_consecutive:
        sentence = f"It was rolled {old.rolls} times in a row, which is the most; assignment is taken."
        return RollChoice(None, Decimal(0), (), sentence)
    rejected: list[tuple[Candidate, str]] = []
    for candidates in by_expiry:
        for candidate in sorted(candidates, key=lambda c: c.contract.strike):
            if candidate.contract.strike > old.strike:
                continue
            fault = roll_fault(old, candidate, limits)
            if fault is None:
                return _accepted(old, candidate, limits, rejected)
            rejected.append((candidate, fault))
    return RollChoice(None, Decimal(0), tuple(rejected), "No acceptable roll was found; assignment is taken.")


def roll_fault(old: OldPut, candidate: Candidate, limits: RollLimits) -> str | None:
    """Return why rolling to the candidate is not acceptable, or None."""
    sold = candidate.limit
    if sold is None:
        return "it has no price"
    net = sold - old.cost
    most = old.first_credit * limits.debit_tolerance
    if net < -most:
        return f"it costs {price(-net)} net, more than {price(most)}"
    if candidate.contract.strike - (old.credit + net) >= old.strike - old.credit:
        return "it does not lower the break-even"
    bound = candidate.contract.strike * candidate.multiplier * old.contracts
    if bound > limits.secured_most:
        return f"it binds {price(bound)} dollars, more than the caps allow"
    return None


def least_net(old: OldPut, candidate: Candidate, limits: RollLimits) -> Decimal:
    """Return the lowest net a share at which the roll is still acceptable: tolerated, and lowering the break-even."""
    lowering = candidate.contract.strike - old.strike + CENTS
    return max(ceil_to_tick(-old.first_credit * limits.debit_tolerance, CENTS), lowering)


def _accepted(
    old: OldPut, candidate: Candidate, limits: RollLimits, rejected: list[tuple[Candidate, str]]
) -> RollChoice:
    net = (candidate.limit or Decimal(0)) - old.cost
    words = f"a credit of {price(net)}" if net > 0 else f"a debit of {price(-net)}" if net < 0 else "even"
    before, after = old.strike - old.credit, candidate.contract.strike - (old.credit + net)
    sentence = (
        f"Rolling to {candidate.contract} is {words}; the break-even moves from {price(before)} to {price(after)}."
    )
    return RollChoice(candidate, net, tuple(rejected), sentence, least_net(old, candidate, limits))


def call_floor(strike: Decimal, credit: Decimal, basis: Decimal) -> Decimal:
    """Return the loss a share that selling the call would lock in; zero or less and the floor rule holds."""
    return basis - (strike + credit)
