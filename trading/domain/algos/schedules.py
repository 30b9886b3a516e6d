"""How much should be done by when: whole numbers whose total is exact."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from math import exp, expm1, floor, sqrt

FLAT = 1e-6  # below this the trajectory is a straight line to the last digit
NUDGE = 1e-9  # of a float that stands for a whole number


def twap(quantity: int, slices: int, index: int) -> int:
    """Return the cumulative target at the end of slice `index` (from 1): floor(q * i / n)."""
    return quantity * index // slices


def vwap(quantity: int, done_by_then: Decimal) -> int:
    """Return the cumulative target when a usual day has done this part of its volume."""
    return int((quantity * done_by_then).to_integral_value(rounding=ROUND_HALF_EVEN))


def pov(rate: Decimal, others: int, done: int) -> int:
    """Return what may be asked for so that own / (own + others) stays within the rate; never below zero."""
    allowed = (rate * others / (1 - rate)).to_integral_value(rounding=ROUND_FLOOR)
    return max(int(allowed) - done, 0)


def kappa(urgency: float, sigma: float, eta: float) -> float:
    """Return the decay of the holdings a second. Source: Almgren and Chriss (2000), for small steps."""
    return sqrt(urgency * sigma * sigma / eta)


def adaptive(quantity: int, slices: int, index: int, decay: float) -> int:
    """Return the cumulative target of q - q * sinh(k(T - t)) / sinh(kT); `decay` is kT.

    No aversion to risk gives TWAP to the unit, an infinite one everything at once.
    """
    if index >= slices:
        return quantity
    if decay < FLAT:
        return twap(quantity, slices, index)
    left = decay * (slices - index) / slices
    # sinh(a) / sinh(b) without overflow for a large b, and to the last digit for a small one
    held = exp(left - decay) * expm1(-2 * left) / expm1(-2 * decay)
    return min(floor(quantity * (1 - held) + NUDGE), quantity)


def parts(targets: Sequence[int]) -> list[int]:
    """Return the quantity of each slice from the cumulative targets."""
    return [now - before for before, now in zip([0, *targets], targets, strict=False)]
