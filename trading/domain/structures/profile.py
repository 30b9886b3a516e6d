"""What a structure of one expiry can win and lose, exactly: its payoff is straight between strikes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.instruments import Right
from allcore.kernel.money import ZERO
from trading.domain.structures.legs import Leg

PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Profile:
    """Dollars of one unit: the most it can win and the most it can lose, both None without end.

    `max_profit` below zero is a structure that cannot win; `max_loss` below zero one that cannot lose.
    `break_evens` are prices of the underlying, lowest first; where the result is nought over a stretch, its ends.
    """

    max_profit: Decimal | None
    max_loss: Decimal | None
    break_evens: tuple[Decimal, ...]
    is_modelled: bool = False  # read off a model, not off the strikes
    is_known: bool = True  # else the model lacks a volatility, and nothing is told


def result_at(legs: Sequence[Leg], cost: Decimal, price: Decimal) -> Decimal:
    """Return the profit in dollars when the underlying ends at `price`; below zero, the loss."""
    return sum((leg.at_expiry(price) for leg in legs), ZERO) - cost


def slope_above(legs: Sequence[Leg]) -> int:
    """Return the dollars won for each dollar the underlying rises above every strike."""
    return sum(leg.shares for leg in legs if leg.contract is None or leg.contract.right is Right.CALL)


def profile(legs: Sequence[Leg], cost: Decimal) -> Profile:
    """Return the profile of one unit that cost `cost` dollars (below zero: it brought in). All options end together."""
    knots = sorted({ZERO, *(leg.contract.strike for leg in legs if leg.contract is not None)})
    values = [result_at(legs, cost, knot) for knot in knots]
    slope = slope_above(legs)
    return Profile(
        max_profit=None if slope > 0 else max(values),
        max_loss=None if slope < 0 else -min(values),
        break_evens=_zeros(knots, values, slope),
    )


def _zeros(knots: Sequence[Decimal], values: Sequence[Decimal], slope: int) -> tuple[Decimal, ...]:
    found = {knot for knot, value in zip(knots, values, strict=True) if value == 0}
    for (low, before), (high, after) in zip(
        zip(knots, values, strict=True), zip(knots[1:], values[1:], strict=True), strict=False
    ):
        if before * after < 0:
            found.add(low + (high - low) * before / (before - after))
    if values[-1] * slope < 0:
        found.add(knots[-1] - values[-1] / slope)
    return tuple(sorted(_plain(price) for price in _ends(found, knots, values, slope)))


def _ends(found: set[Decimal], knots: Sequence[Decimal], values: Sequence[Decimal], slope: int) -> set[Decimal]:
    """Leave out the knots inside a stretch of nought, and a stretch that reaches the edge: nothing turns there."""
    inner = set()
    for place, knot in enumerate(knots):
        before = values[place - 1] if place else None
        after = values[place + 1] if place + 1 < len(values) else (slope or ZERO)
        if values[place] == 0 and (before is None or before == 0) and after == 0:
            inner.add(knot)
    return found - inner


def _plain(price: Decimal) -> Decimal:
    rounded = price.quantize(PLACES)
    return price.normalize() if price == rounded else rounded
