"""Executions out of totals. E*TRADE lists what each leg of an order has traded in all and at which average price.

What is new since the last look is one execution, at the price that makes the average come out. It is named by the
order, the leg, how often something was taken back before, and the quantity traded in all with it. Two trades between
two looks are one execution; an execution that was told keeps its name, price and quantity, also after a restart,
because what was told is read back from the key book before the next total is cut.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from brokers.etrade.words import AVERAGE_STEP, CENT


@dataclass(frozen=True, slots=True)
class Total:
    """What one leg has traded: contracts or shares in all, and their average price per share."""

    qty: int
    px: Decimal


@dataclass(frozen=True, slots=True)
class Slice:
    """What was told as one execution."""

    exec_id: str
    qty: int
    px: Decimal


@dataclass(frozen=True, slots=True)
class Tally:
    """What was told of one leg, oldest first, and how many executions were taken back."""

    slices: tuple[Slice, ...] = ()
    gone: int = 0


def tallied(before: Tally, total: Total, name: str) -> Tally:
    """Return the tally that comes to the total.

    Less than was told: the newest are taken back, and what remains of one is a new one. The same at another average:
    which was corrected is not said, so that every one is at the average. A negative price comes of both at once.
    """
    kept = _within(before.slices, total.qty)
    gone = before.gone + len(before.slices) - len(kept)
    fresh = total.qty - sum(one.qty for one in kept)
    missing = total.qty * total.px - sum(one.qty * one.px for one in kept)
    slack = total.qty * AVERAGE_STEP / 2  # what the rounding of the average may hide
    if fresh == 0:
        is_same = abs(missing) <= 2 * slack
        return Tally(kept if is_same else _at(kept, total.px), gone)
    px = _rounded(missing / fresh, slack / fresh)
    if px < 0:
        kept, px = _at(kept, total.px), total.px
    return Tally((*kept, Slice(f"{name}.{gone:02d}.{total.qty:07d}", fresh, px)), gone)


def _within(slices: Sequence[Slice], qty: int) -> tuple[Slice, ...]:
    """Return the oldest ones that come to no more than the quantity."""
    kept: list[Slice] = []
    for one in slices:
        if sum(k.qty for k in kept) + one.qty > qty:
            break
        kept.append(one)
    return tuple(kept)


def _at(slices: Sequence[Slice], px: Decimal) -> tuple[Slice, ...]:
    return tuple(replace(one, px=px) for one in slices)


def _rounded(px: Decimal, slack: Decimal) -> Decimal:
    """Return the price in cents where the average's rounding explains the difference, and in its steps otherwise."""
    cents = px.quantize(CENT)
    return cents if abs(cents - px) <= slack else px.quantize(AVERAGE_STEP)
