"""American options on a binomial tree, a row of spot prices at a time.

Source: Cox, Ross and Rubinstein, 1979; the mean of trees of n and n+1 steps, whose errors have opposite signs.
"""

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]
STEPS = 100
LOWEST, HIGHEST = 0.01, 5.0


@dataclass(frozen=True, slots=True)
class Option:
    """An option as the tree sees it: years, rate and dividend yield a year. `is_american` None is European."""

    is_call: bool
    strike: float
    years: float
    rate: float
    dividend: float = 0.0
    is_american: bool = True


def values(option: Option, spots: ArrayLike, volatility: float) -> Floats:
    """Return what the option is worth at each spot."""
    where = np.asarray(spots, dtype=np.float64)
    return (_tree(option, where, volatility, STEPS) + _tree(option, where, volatility, STEPS + 1)) / 2


def implied(option: Option, spot: float, price: float) -> float | None:
    """Return the volatility at which the option is worth `price`, None if there is none."""

    def gap(volatility: float) -> float:
        return float(values(option, [spot], volatility)[0]) - price

    if gap(LOWEST) > 0 or gap(HIGHEST) < 0:
        return None
    return float(brentq(gap, LOWEST, HIGHEST, xtol=1e-6))


def _tree(option: Option, spots: Floats, volatility: float, steps: int) -> Floats:
    dt = option.years / steps
    up = exp(volatility * sqrt(dt))
    growth = exp((option.rate - option.dividend) * dt)
    chance = min(max((growth - 1 / up) / (up - 1 / up), 0.0), 1.0)
    sign = 1.0 if option.is_call else -1.0
    paid = exp(-option.rate * dt)
    ends = spots[:, None] * up ** (2.0 * np.arange(steps + 1) - steps)
    worth = np.maximum(sign * (ends - option.strike), 0.0)
    for _ in range(steps):
        worth = paid * (chance * worth[:, 1:] + (1 - chance) * worth[:, :-1])
        if option.is_american:
            ends = ends[:, :-1] * up
            worth = np.maximum(worth, sign * (ends - option.strike))
    return np.asarray(worth[:, 0], dtype=np.float64)
