"""American options on a binomial tree, a row of spot prices at a time.

Source: Leisen and Reimer, 1996: trees of an odd number of steps whose middle is the strike, so that their errors do not
swing; what early exercise leaves of the error is halved by twice the steps, and so taken out (Richardson).
"""

from dataclasses import dataclass
from math import exp, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]
STEPS, HALF_THE_STEPS = 101, 51
SURE = 30.0  # so many deviations from the strike, nothing is left to chance
LEAST_TOTAL = 1e-8
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
    worth = _tree(option, where, volatility, STEPS)
    if not option.is_american:
        return worth
    sign = 1.0 if option.is_call else -1.0
    extrapolated = 2 * worth - _tree(option, where, volatility, HALF_THE_STEPS)
    return np.maximum(extrapolated, np.maximum(sign * (where - option.strike), 0.0))


def implied(option: Option, spot: float, price: float) -> float | None:
    """Return the volatility at which the option is worth `price`, None if there is none."""

    def gap(volatility: float) -> float:
        return float(values(option, [spot], volatility)[0]) - price

    if gap(LOWEST) > 0 or gap(HIGHEST) < 0:
        return None
    return float(brentq(gap, LOWEST, HIGHEST, xtol=1e-6))


def _tree(option: Option, spots: Floats, volatility: float, steps: int) -> Floats:
    dt = option.years / steps
    carry = option.rate - option.dividend
    total = max(volatility * sqrt(option.years), LEAST_TOTAL)
    d1 = (np.log(spots / option.strike) + carry * option.years) / total + total / 2
    in_money, chance = (_binomial(d, steps)[:, None] for d in (d1, d1 - total))
    growth = exp(carry * dt)
    up, down = growth * in_money / chance, growth * (1 - in_money) / (1 - chance)
    sign = 1.0 if option.is_call else -1.0
    paid = exp(-option.rate * dt)
    rises = np.arange(steps + 1.0)
    ends = spots[:, None] * up**rises * down ** (steps - rises)
    worth = np.maximum(sign * (ends - option.strike), 0.0)
    for _ in range(steps):
        worth = paid * (chance * worth[:, 1:] + (1 - chance) * worth[:, :-1])
        if option.is_american:
            ends = ends[:, :-1] / down
            worth = np.maximum(worth, sign * (ends - option.strike))
    return np.asarray(worth[:, 0], dtype=np.float64)


def _binomial(deviations: Floats, steps: int) -> Floats:
    """Return the chance of a rise at which the tree's middle is where the normal law has it (Peizer and Pratt)."""
    x = np.clip(deviations, -SURE, SURE)
    spread = np.exp(-np.square(x / (steps + 1 / 3 + 0.1 / (steps + 1))) * (steps + 1 / 6))
    return np.asarray(0.5 + np.sign(x) * 0.5 * np.sqrt(1 - spread), dtype=np.float64)
