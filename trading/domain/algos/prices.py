"""Costs on the grid of ticks, rounded away from aggression: never dearer than was meant."""

import hashlib
from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal

from allcore.kernel.instruments import TickRule

TWO = Decimal(2)
SPAN = 2**64


def tick_at(rule: TickRule, cost: Decimal) -> Decimal:
    """Return the price step at a cost."""
    return rule.tick_at(abs(cost))


def floor_to(tick: Decimal, cost: Decimal) -> Decimal:
    """Return the highest cost on the grid that is not above: a buy rounds down, a sale's price rounds up."""
    return (cost / tick).to_integral_value(rounding=ROUND_FLOOR) * tick


def floored(rule: TickRule, cost: Decimal) -> Decimal:
    """Return the cost on the instrument's own grid."""
    return floor_to(tick_at(rule, cost), cost)


def ladder(start: Decimal, cap: Decimal, steps: int, tick: Decimal) -> tuple[Decimal, ...]:
    """Return the rungs `start + (cap - start) * i / steps` on the grid, duplicates dropped."""
    rungs = (floor_to(tick, start + (cap - start) * i / steps) for i in range(steps + 1))
    return tuple(dict.fromkeys(rungs))


def net(legs: Iterable[tuple[int, Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    """Return the package's bid and ask from (signed ratio, bid, ask) of each leg: what is bought is paid at the ask."""
    bid = ask = Decimal(0)
    for ratio, low, high in legs:
        if ratio > 0:
            bid += ratio * low
            ask += ratio * high
        else:
            bid += ratio * high
            ask += ratio * low
    return bid, ask


def chance(seed: str, number: int) -> float:
    """Return a number from 0 to 1, always the same for the seed and the number: all the randomness there is."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return int.from_bytes(digest[:8]) / SPAN
