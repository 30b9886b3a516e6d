"""Whether a value at risk was exceeded as often as it said.

Source: Kupiec, 1995 (proportion of failures); Basel Committee, 1996 (the traffic light: 0 to 4, 5 to 9, 10 and more
exceptions of 250 days at 99 %, which are the zones of 95 and 99.99 % of the binomial law).
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import xlogy
from scipy.stats import binom, chi2

from risk.domain.measures.numbers import MeasureInputError, fraction, same_length, series, whole
from risk.domain.measures.tails import historical

YELLOW, RED = 0.95, 0.9999


class Zone(StrEnum):
    """How much doubt the exceptions cast on the model."""

    GREEN = "GREEN"
    YELLOW = "YELLOW"
    RED = "RED"


@dataclass(frozen=True, slots=True)
class Kupiec:
    """The likelihood ratio, its critical value, and whether the model is rejected: with too many, or too few."""

    lr: float
    critical: float
    is_rejected: bool
    p_value: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """So many days, the exceptions among them, and how many the level allows."""

    days: int
    exceptions: int
    expected: float
    zone: Zone
    kupiec: Kupiec


def kupiec(*, days: int, exceptions: int, p: float, test_level: float = 0.95) -> Kupiec:
    """Return the test of `exceptions` in so many days against a chance of `p` a day.

    LR = -2 ln[(1-p)^(T-N) p^N] + 2 ln[(1-N/T)^(T-N) (N/T)^N], chi-squared with one degree; 0 ln 0 is 0.
    """
    t, n = whole("The days", days, least=1), whole("The exceptions", exceptions)
    if n > t:
        raise MeasureInputError(f"There are no more exceptions than days, was {n} in {t}.", seen=n)
    chance = fraction("The chance of an exception", p)
    seen = n / t
    assumed = (t - n) * math.log1p(-chance) + n * math.log(chance)
    fitted = float(xlogy(t - n, 1 - seen) + xlogy(n, seen))
    lr = max(2 * (fitted - assumed), 0.0)
    critical = float(chi2.ppf(fraction("The test's level", test_level), df=1))
    return Kupiec(lr, critical, lr > critical, float(chi2.sf(lr, df=1)))


def zone(*, days: int, exceptions: int, p: float = 0.01) -> Zone:
    """Return the traffic light: red or yellow once so few exceptions or fewer were all but certain."""
    t, n = whole("The days", days, least=1), whole("The exceptions", exceptions)
    reached = float(binom.cdf(n, t, fraction("The chance of an exception", p)))
    return Zone.RED if reached >= RED else Zone.YELLOW if reached >= YELLOW else Zone.GREEN


def rolling(pnl: ArrayLike, confidence: float, *, window: int) -> Backtest:
    """Return how the historical VaR of each `window` days did on the day after them.

    Raises MeasureInputError where no day is left to judge.
    """
    given, size = series("The P&L", pnl), whole("The window", window, least=1)
    if given.size <= size:
        raise MeasureInputError(f"A back-test of {size} days needs more than these, was {given.size}.", seen=given.size)
    edges = [historical(given[n - size : n], confidence).var for n in range(size, given.size)]
    return judged(given[size:], edges, confidence)


def judged(pnl: ArrayLike, value_at_risk: ArrayLike, confidence: float) -> Backtest:
    """Return how often a day lost more than was said before it."""
    given, said = series("The P&L", pnl), series("The values at risk", value_at_risk)
    same_length("The P&L", given, "the values at risk", said)
    exceptions, p = int(np.count_nonzero(-given > said)), round(1 - confidence, 12)
    return Backtest(
        days=given.size,
        exceptions=exceptions,
        expected=given.size * p,
        zone=zone(days=given.size, exceptions=exceptions, p=p),
        kupiec=kupiec(days=given.size, exceptions=exceptions, p=p),
    )
