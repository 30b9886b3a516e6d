"""The profile of a structure whose options end on different days: what it can win and lose on the first of them.

The options that live on are worth what the model says then, so these numbers move with volatility: they are estimates.
"""

from collections.abc import Sequence
from decimal import Decimal

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
    """Return the profile: exact where all options end on one day, by the model otherwise."""
    days = expiries(legs)
    return profile(legs, cost) if len(days) < 2 else _modelled(legs, cost, spot, assumed)


def _modelled(legs: Sequence[Leg], cost: Decimal, spot: float, assumed: Assumptions) -> Profile:
    at, paid, slope = ends_at(expiries(legs)[0]), float(cost), slope_above(legs)
    strikes = [float(leg.contract.strike) for leg in legs if leg.contract is not None]
    top = FAR * max([spot, *strikes])
    grid = np.unique(np.concatenate([np.linspace(1e-6, 2 * max([spot, *strikes]), POINTS), strikes, [top]]))

    def result(price: float) -> float:
        return float(worth(legs, [price], at, assumed)[0]) - paid

    values = worth(legs, grid, at, assumed) - paid
    zeros = [float(brentq(result, grid[n], grid[n + 1])) for n in _crossings(values)]
    return Profile(
        max_profit=None if slope > 0 else from_float(float(values.max())),
        max_loss=None if slope < 0 else from_float(-float(values.min())),
        break_evens=tuple(sorted({from_float(price) for price in zeros})),
        is_modelled=True,
    )


def _crossings(values: Floats) -> list[int]:
    signs = np.where(np.abs(values) < LEAST, 0, np.sign(values))
    return [int(n) for n in np.flatnonzero(signs[:-1] * signs[1:] < 0)]
