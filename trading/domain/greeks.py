"""What positions are exposed to, together. Models' numbers: floats, never money."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from allcore.kernel.quotes import Greeks

OF_A_SHARE = Greeks(price=0.0, iv=0.0, delta=1.0, gamma=0.0, theta=0.0, vega=0.0, rho=0.0)


@dataclass(frozen=True, slots=True)
class NetGreeks:
    """Sums over positions: delta and gamma in shares, theta in dollars a day, vega in dollars a volatility point."""

    delta: float
    gamma: float
    theta: float
    vega: float


def net_greeks(positions: Sequence[tuple[int, Greeks | None]]) -> NetGreeks | None:
    """Return the sums over positions of so many shares; None if one of them has no model values.

    A part is not passed off as the whole.
    """
    known = [(shares, g.delta, g.gamma, g.theta, g.vega) for shares, g in positions if g is not None]
    if len(known) < len(positions):
        return None
    table = np.array(known, dtype=float).reshape(-1, 5)
    delta, gamma, theta, vega = (float(x) for x in table[:, 0] @ table[:, 1:])
    return NetGreeks(delta, gamma, theta, vega)


@dataclass(frozen=True, slots=True)
class OptionTerms:
    """An option at a spot: volatility and rates a year, the time left in years."""

    spot: float
    strike: float
    iv: float
    years: float
    rate: float = 0.0
    dividend: float = 0.0


def cross_greeks(option: OptionTerms, *, vega: float) -> tuple[float, float]:
    """Return vanna and volga of one share, for a volatility of 1.00, from its vega for 1.00.

    Source: Black-Scholes; vanna = vega / S x (1 - d1 / (sigma sqrt T)), volga = vega d1 d2 / sigma.
    """
    total = option.iv * math.sqrt(option.years)
    if total <= 0 or option.spot <= 0:
        return 0.0, 0.0
    carry = (option.rate - option.dividend) * option.years
    d1 = (math.log(option.spot / option.strike) + carry) / total + total / 2
    return vega / option.spot * (1 - d1 / total), vega * d1 * (d1 - total) / option.iv
