"""Value at risk from Greeks alone: quick, and wrong for large moves of short options.

It is shown beside full revaluation, never in its stead.
Source: the moments of a quadratic form of normal variables; Cornish and Fisher, 1938, for its quantile.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from risk.domain.measures.numbers import MeasureInputError, level, series


@dataclass(frozen=True, slots=True)
class Moments:
    """Of a day's P&L in dollars; `skew` and `kurtosis` (its excess) are nought of a normal law."""

    mean: float
    deviation: float
    skew: float
    kurtosis: float


def moments(delta: ArrayLike, gamma: ArrayLike, covariance: ArrayLike) -> Moments:
    """Return the moments of delta'x + x'gamma x / 2, x normal about nought.

    Shapes: names, names x names or its diagonal, names x names. Units: with x in returns, delta is dollars (shares x
    spot) and gamma shares x spot squared.
    """
    d = series("The deltas", delta)
    g = np.asarray(gamma, dtype=np.float64)
    g = np.diag(g) if g.ndim == 1 else g
    cov = np.asarray(covariance, dtype=np.float64)
    if g.shape != (d.size, d.size) or cov.shape != g.shape:
        raise MeasureInputError(f"Gammas and covariances must be {d.size} x {d.size}.")
    if not (np.isfinite(g).all() and np.isfinite(cov).all() and (np.diag(cov) >= 0).all()):
        raise MeasureInputError("Gammas and covariances must be there, and no variance below nought.")
    turned = g @ cov
    squared = turned @ turned
    reach = cov @ d
    variance = float(d @ reach + 0.5 * np.trace(squared))
    third = float(3 * reach @ g @ reach + np.trace(squared @ turned))
    fourth = float(12 * reach @ g @ cov @ g @ reach + 3 * np.trace(squared @ squared))
    deviation = math.sqrt(max(variance, 0.0))
    skew, kurtosis = (third / deviation**3, fourth / variance**2) if deviation > 0 else (0.0, 0.0)
    return Moments(float(0.5 * np.trace(turned)), deviation, skew, kurtosis)


def single(*, delta: float, gamma: float, spot: float, sigma: float) -> Moments:
    """Return the moments of one underlying: delta and gamma in shares, `sigma` of a day's return."""
    return moments([delta * spot], [gamma * spot**2], [[sigma**2]])


def value_at_risk(found: Moments, confidence: float) -> float:
    """Return the loss at the quantile of the law with these moments."""
    z = float(norm.ppf(1 - level(confidence)))
    s, k = found.skew, found.kurtosis
    bent = z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
    return -(found.mean + found.deviation * bent)
