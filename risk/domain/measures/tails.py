"""Value at risk and expected shortfall: what a day loses that only so few days lose more than.

Both are losses, above zero; below zero the worst days still gain. Units are those of what is given.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from risk.domain.measures.numbers import Floats, MeasureInputError, level, number, series, whole

EWMA = 0.94  # RiskMetrics' decay a day
DIGITS = 9  # (1 - 0.95) x 20 is 1.0000000000000009, of which a bare ceiling makes 2


@dataclass(frozen=True, slots=True)
class Tail:
    """The loss at the edge of the tail and the mean loss within it; `k` worst of `n` observations are the tail."""

    var: float
    es: float
    k: int
    n: int


@dataclass(frozen=True, slots=True)
class Normal:
    """The same of a normal law."""

    var: float
    es: float

    def over(self, days: float) -> "Normal":
        """Return both over so many times as long, by the root of time: right only without a drift."""
        root = math.sqrt(number("The days", days, above=0))
        return Normal(self.var * root, self.es * root)


def fewest(confidence: float) -> int:
    """Return how many observations the quantile needs: with fewer, the tail is less than one of them."""
    return math.ceil(round(1 / (1 - level(confidence)), DIGITS))


def depth(count: int, confidence: float) -> int:
    """Return how many of the worst are the tail: (1 - confidence) of them, rounded up, at least one."""
    return max(math.ceil(round((1 - level(confidence)) * count, DIGITS)), 1)


def historical(pnl: ArrayLike, confidence: float, *, window: int | None = None) -> Tail:
    """Return the tail of what was gained (above zero) and lost; of the last `window` observations, if it is given.

    VaR is the k-th worst, ES the mean of the k worst, k = ceil((1 - confidence) n): no interpolation between losses.
    Raises MeasureInputError where there are none, or fewer than the window.
    """
    given = series("The P&L", pnl)
    size = given.size if window is None else whole("The window", window, least=1)
    if size > given.size:
        raise MeasureInputError(f"The window is {size} observations, and there are {given.size}.", seen=given.size)
    k = depth(size, confidence)
    worst = np.partition(given[-size:], k - 1)[:k] if k < size else given[-size:]
    return Tail(var=float(-worst.max()), es=float(-worst.mean()), k=k, n=size)


def aged(pnl: ArrayLike, confidence: float, *, decay: float = 0.99) -> Tail:
    """Return the tail where each observation (oldest first) weighs `decay` times the next; 1 is `historical`.

    Source: Boudoukh, Richardson and Whitelaw, 1998. The tail is the least number of worst whose weights reach
    1 - confidence.
    """
    given = series("The P&L", pnl)
    weights = _weights(given.size, decay)
    order = np.argsort(given, kind="stable")
    reached = np.cumsum(weights[order])
    k = int(np.searchsorted(np.round(reached, DIGITS), round(1 - level(confidence), DIGITS))) + 1
    worst, heavy = given[order[:k]], weights[order[:k]]
    return Tail(var=float(-worst[-1]), es=float(-(worst @ heavy) / heavy.sum()), k=k, n=given.size)


def parametric(*, mu: float, sigma: float, confidence: float, horizon_days: float = 1.0) -> Normal:
    """Return the tail of a normal law of mean `mu` and deviation `sigma` a day; without deviation it is the mean."""
    days = number("The horizon", horizon_days, above=0)
    mean = number("The mean", mu) * days
    spread = number("The deviation", sigma, least=0) * math.sqrt(days)
    z = float(norm.ppf(level(confidence)))
    return Normal(var=spread * z - mean, es=spread * float(norm.pdf(z)) / (1 - confidence) - mean)


def ewma_volatility(returns: ArrayLike, *, decay: float = EWMA) -> float:
    """Return the deviation a day of returns (oldest first) whose weights fall by `decay` a day, about a mean of nought.

    The weights sum to one, so that a short series is not held against the days before it.
    """
    given = series("The returns", returns)
    return math.sqrt(float(np.square(given) @ _weights(given.size, decay)))


def ewma_covariance(returns: Floats, *, decay: float = EWMA) -> Floats:
    """Return the covariances a day. Shapes: days x names, oldest first."""
    weighed = returns * _weights(len(returns), decay)[:, None]
    found: Floats = returns.T @ weighed
    return found


def _weights(count: int, decay: float) -> Floats:
    kept = number("The decay", decay, above=0)
    if kept > 1:
        raise MeasureInputError(f"The decay is at most 1, was {kept:g}.", seen=kept)
    raw = kept ** np.arange(count - 1, -1, -1, dtype=np.float64)
    found: Floats = raw / raw.sum()
    return found
