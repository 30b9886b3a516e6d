"""American values by other people's formulas, to judge the desk's own: slow, one option at a time.

Sources: Cox, Ross and Rubinstein, 1979; Bjerksund and Stensland, 1993 and 2002, as Haug prints them, 2nd edition, 2007.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import multivariate_normal, norm

N = norm.cdf


@dataclass(frozen=True, slots=True)
class American:
    """An option: years, and rate, dividend yield and volatility a year."""

    is_call: bool
    spot: float
    strike: float
    years: float
    rate: float
    dividend: float
    volatility: float

    @property
    def carry(self) -> float:
        return self.rate - self.dividend

    @property
    def beta(self) -> float:
        tilt = self.carry / self.volatility**2 - 0.5
        return -tilt + math.sqrt(tilt**2 + 2 * self.rate / self.volatility**2)

    def as_call(self) -> "American":
        """A put is the call that exchanges spot and strike, rate and dividend."""
        if self.is_call:
            return self
        return replace(self, is_call=True, spot=self.strike, strike=self.spot, rate=self.dividend, dividend=self.rate)

    def european(self) -> float:
        total = self.volatility * math.sqrt(self.years)
        d1 = (math.log(self.spot / self.strike) + self.carry * self.years) / total + total / 2
        sign = 1 if self.is_call else -1
        share = self.spot * math.exp(-self.dividend * self.years) * N(sign * d1)
        return float(sign * (share - self.strike * math.exp(-self.rate * self.years) * N(sign * (d1 - total))))

    def boundary(self, years: float, reach: float) -> float:
        low, high = self._ends()
        return low + (high - low) * -math.expm1(-(self.carry * years + 2 * self.volatility * math.sqrt(years)) * reach)

    def _ends(self) -> tuple[float, float]:
        low = max(self.strike, self.rate / (self.rate - self.carry) * self.strike)
        return low, self.beta / (self.beta - 1) * self.strike


def crr(o: American, steps: int) -> float:
    """By a binomial tree whose steps up and down undo each other."""
    dt = o.years / steps
    up = math.exp(o.volatility * math.sqrt(dt))
    chance = (math.exp(o.carry * dt) - 1 / up) / (up - 1 / up)
    sign = 1 if o.is_call else -1
    prices = o.spot * up ** np.arange(-steps, steps + 1, 2.0)
    worth = np.maximum(sign * (prices - o.strike), 0.0)
    for _ in range(steps):
        prices = prices[:-1] * up
        held = math.exp(-o.rate * dt) * (chance * worth[1:] + (1 - chance) * worth[:-1])
        worth = np.maximum(held, sign * (prices - o.strike))
    return float(worth[0])


def flat_boundary(option: American) -> float:
    """Bjerksund and Stensland, 1993: one boundary."""
    o = option.as_call()
    if o.carry >= o.rate:
        return option.european()
    low, high = o._ends()
    edge = o.boundary(o.years, low / (high - low))
    if o.spot >= edge:
        return o.spot - o.strike
    alpha = (edge - o.strike) * edge**-o.beta

    def phi(power: float, above: float) -> float:
        return _phi(o, o.years, power, above, edge)

    return float(
        alpha * (o.spot**o.beta - phi(o.beta, edge))
        + phi(1, edge)
        - phi(1, o.strike)
        - o.strike * (phi(0, edge) - phi(0, o.strike))
    )


def two_boundaries(option: American) -> float:
    """Bjerksund and Stensland, 2002: one boundary early in the option's life, a lower one later."""
    o = option.as_call()
    if o.carry >= o.rate:
        return option.european()
    first = (math.sqrt(5) - 1) / 2 * o.years
    low, high = o._ends()
    reach = o.strike**2 / ((high - low) * low)
    late, early = o.boundary(first, reach), o.boundary(o.years, reach)
    if o.spot >= early:
        return o.spot - o.strike
    k, beta = o.strike, o.beta
    alphas = [(edge - k) * edge**-beta for edge in (late, early)]

    def phi(power: float, above: float) -> float:
        return _phi(o, first, power, above, early)

    def psi(power: float, above: float) -> float:
        return _psi(o, power, above, (early, late), first)

    return float(
        alphas[1] * (o.spot**beta - phi(beta, early))
        + phi(1, early)
        - phi(1, late)
        - k * (phi(0, early) - phi(0, late))
        + alphas[0] * (phi(beta, late) - psi(beta, late))
        + psi(1, late)
        - psi(1, k)
        - k * (psi(0, late) - psi(0, k))
    )


def _phi(o: American, years: float, power: float, above: float, edge: float) -> float:
    variance, total = o.volatility**2, o.volatility * math.sqrt(years)
    growth = (-o.rate + power * o.carry + 0.5 * power * (power - 1) * variance) * years
    d = -(math.log(o.spot / above) + (o.carry + (power - 0.5) * variance) * years) / total
    kappa = 2 * o.carry / variance + 2 * power - 1
    mirrored = (edge / o.spot) ** kappa * N(d - 2 * math.log(edge / o.spot) / total)
    return float(math.exp(growth) * o.spot**power * (N(d) - mirrored))


def _psi(o: American, power: float, above: float, edges: tuple[float, float], first: float) -> float:
    early, late = edges
    variance = o.volatility**2
    drift = o.carry + (power - 0.5) * variance
    roots = o.volatility * math.sqrt(first), o.volatility * math.sqrt(o.years)
    rho = math.sqrt(first / o.years)
    near, far = math.log(o.spot / late), math.log(early**2 / (o.spot * late))
    e = [near + drift * first, far + drift * first, near - drift * first, far - drift * first]
    ratios = (o.spot / above, early**2 / (o.spot * above), late**2 / (o.spot * above))
    f = [math.log(x) + drift * o.years for x in (*ratios, o.spot * late**2 / (above * early**2))]
    kappa = 2 * o.carry / variance + 2 * power - 1
    weights = (1, -((early / o.spot) ** kappa), -((late / o.spot) ** kappa), (late / early) ** kappa)
    total = sum(
        weight * _both(-x / roots[0], -y / roots[1], sign * rho)
        for weight, x, y, sign in zip(weights, e, f, (1, 1, -1, -1), strict=True)
    )
    growth = -o.rate + power * o.carry + 0.5 * power * (power - 1) * variance
    return float(math.exp(growth * o.years) * o.spot**power * total)


def _both(a: float, b: float, rho: float) -> float:
    return float(multivariate_normal.cdf([a, b], mean=[0, 0], cov=[[1, rho], [rho, 1]]))
