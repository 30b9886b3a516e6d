"""The profile of a structure whose options end on different days: what it can win and lose on the first of them.

The options that live on are worth what the model says then, so these numbers move with volatility: they are estimates.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from allcore.kernel.money import from_float
from trading.domain.structures.legs import Leg, expiries
from trading.domain.structures.profile import Profile, profile, slope_above
from trading.domain.structures.worth import Assumptions, Floats, ends_at, worth

POINTS = 1500
FAR = 6.0  # times the highest price that matters: beyond it the curve is as straight as it gets
LEAST = 0.005  # dollars: nearer to nought is nought


def profile_of(legs: Sequence[Leg], cost: Decimal, spot: float, assumed: Assumptions) -> Profile:
    """Return the profile: exact where all options end on one day, by the model otherwise.

    Of an option that lives on without a volatility nothing is told: worth its exercise alone, a short calendar would
    seem to lose nothing.
    """
    days = expiries(legs)
    return profile(legs, cost) if len(days) < 2 else _modelled(legs, cost, spot, assumed)


def _modelled(legs: Sequence[Leg], cost: Decimal, spot: float, assumed: Assumptions) -> Profile:
    first = expiries(legs)[0]
    if any(leg.contract is not None and leg.expiry != first and assumed.iv(leg.contract) is None for leg in legs):
        return Profile(None, None, (), is_modelled=True, is_known=False)
    at, paid, slope = ends_at(first), float(cost), slope_above(legs)
    strikes = [float(leg.contract.strike) for leg in legs if leg.contract is not None]
    top = FAR * max([spot, *strikes])
    grid = np.unique(np.concatenate([np.linspace(1e-6, 2 * max([spot, *strikes]), POINTS), strikes, [top]]))

    def result(price: float) -> float:
        return float(worth(legs, [price], at, assumed)[0]) - paid

    values = worth(legs, grid, at, assumed) - paid
    zeros = [float(brentq(result, grid[low], grid[high])) for low, high in _crossings(values)]
    return Profile(
        max_profit=None if slope > 0 else from_float(float(values.max())),
        max_loss=None if slope < 0 else from_float(-float(values.min())),
        break_evens=tuple(sorted({from_float(price) for price in zeros})),
        is_modelled=True,
    )


def _crossings(values: Floats) -> list[tuple[int, int]]:
    """Return the neighbours between which the sign turns; what is nought between them, be it one point, is passed."""
    clear = [int(n) for n in np.flatnonzero(np.abs(values) >= LEAST)]
    return [(low, high) for low, high in pairwise(clear) if values[low] * values[high] < 0]
