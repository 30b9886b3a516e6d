"""American options with a continuous dividend yield, a whole chain and many scenarios at a time.

The European price and, for the right to exercise early, the root of a quadratic: within a few tenths of a per cent of
the true value, and nearest it for options that end soon. Early exercise is worth nothing to a call without dividends,
nor to a put without interest: these are European.
Source: Barone-Adesi and Whaley, 1987; Haug, The Complete Guide to Option Pricing Formulas, 2nd edition, 2007, 3.1.1.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from marketdata.domain import pricing
from marketdata.domain.pricing import ROOT_TWO_PI, Floats, Terms

MOST_STEPS = 60
CLOSE_ENOUGH = 1e-8  # of the strike: the price hangs on the square of what is left
FARTHEST = 1e6  # strikes
LEAST_TOTAL = 1e-4  # of volatility times the root of time: below it nothing is left to wait for
LEAST_RATE = 1e-12


@dataclass(frozen=True, slots=True)
class _Early:
    """What the right to exercise early is worked out from; one dimension.

    `power` is what it falls with, `perpetual` that of an option without end; `held` and `paid` are what a share at the
    end and a dollar at the end are worth now, `total` the volatility over the whole life.
    """

    sign: Floats
    strike: Floats
    total: Floats
    carried: Floats
    held: Floats
    paid: Floats
    power: Floats
    perpetual: Floats

    def of(self, chosen: NDArray[np.intp]) -> "_Early":
        """Return some of them."""
        return _Early(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def chances(self, spot: Floats) -> tuple[Floats, Floats]:
        """Return d1, and the share of the underlying that the European option has."""
        d1 = (np.log(spot / self.strike) + self.carried) / self.total + self.total / 2
        return d1, self.held * ndtr(self.sign * d1)


def price(t: Terms, volatility: ArrayLike) -> Floats:
    """Return the options' prices; never below the European price nor what exercise brings."""
    shape = np.broadcast_shapes(np.shape(volatility), t.spot.shape)
    vol = np.broadcast_to(np.asarray(volatility, dtype=np.float64), shape)
    worth = np.maximum(pricing.price(t, vol), t.sign * (t.spot - t.strike))
    pays = np.where(t.is_call, (t.dividend > 0) & (t.rate >= 0), (t.rate > 0) & (t.dividend >= 0))
    waits = pays & (vol * np.sqrt(t.years) > LEAST_TOTAL)
    if waits.any():
        numbers = (np.broadcast_to(x, shape)[waits] for x in (t.spot, t.strike, t.years, t.rate, t.dividend))
        chosen = Terms(np.broadcast_to(t.is_call, shape)[waits], *numbers)
        worth[waits] = np.maximum(worth[waits], _with_early(chosen, vol[waits]))
    return worth


def _with_early(t: Terms, volatility: Floats) -> Floats:
    early = _early(t, volatility)
    edge = _edge(early)
    _, share = early.chances(edge)
    at_edge = np.maximum(1 - share, 0.0) * edge / np.abs(early.power)
    ratio = np.minimum(t.sign * np.log(t.spot / edge), 0.0)
    found: Floats = pricing.price(t, volatility) + at_edge * np.exp(np.abs(early.power) * ratio)
    return np.where(t.sign * (t.spot - edge) >= 0, t.sign * (t.spot - t.strike), found)


def _early(t: Terms, volatility: Floats) -> _Early:
    variance = np.square(volatility)
    tilt = 2 * (t.rate - t.dividend) / variance - 1
    is_free = np.abs(t.rate) < LEAST_RATE
    rate = np.where(is_free, 1.0, t.rate)
    # 2 r / (variance (1 - e^-rT)), which without interest is 2 / (variance T)
    pull = np.where(is_free, 2 / (variance * t.years), 2 * rate / (variance * -np.expm1(-rate * t.years)))
    return _Early(
        sign=t.sign,
        strike=t.strike,
        total=volatility * np.sqrt(t.years),
        carried=(t.rate - t.dividend) * t.years,
        held=np.exp(-t.dividend * t.years),
        paid=np.exp(-t.rate * t.years),
        power=(-tilt + t.sign * np.sqrt(tilt**2 + 4 * pull)) / 2,
        perpetual=(-tilt + t.sign * np.sqrt(tilt**2 + 8 * t.rate / variance)) / 2,
    )


def _edge(early: _Early) -> Floats:
    """Return the price of the underlying from which exercise is best: Newton's steps within a bracket."""
    never = np.abs(early.perpetual - 1) < LEAST_RATE
    far = np.where((early.sign > 0) & never, np.inf, early.strike / (1 - 1 / np.where(never, 2.0, early.perpetual)))
    low, high = np.minimum(early.strike, far), np.maximum(early.strike, np.minimum(far, early.strike * FARTHEST))
    spot = _seed(early, far)
    answer, index = spot.copy(), np.arange(spot.size)
    for _ in range(MOST_STEPS):
        miss, slope = _miss(early, spot)
        is_beyond = early.sign * miss > 0
        low, high = np.where(is_beyond, low, np.maximum(low, spot)), np.where(is_beyond, np.minimum(high, spot), high)
        step = spot - miss / np.where(slope == 0.0, 1.0, slope)
        following = np.where((step > low) & (step < high), step, (low + high) / 2)
        answer[index] = following
        left = np.flatnonzero(np.abs(following - spot) > CLOSE_ENOUGH * early.strike)
        if not left.size:
            break
        early, index = early.of(left), index[left]
        spot, low, high = following[left], low[left], high[left]
    return answer


def _seed(early: _Early, far: Floats) -> Floats:
    reach = np.where(np.isfinite(far), np.abs(far - early.strike), early.strike)
    fades = (early.sign * early.carried + 2 * early.total) * early.strike / np.maximum(reach, LEAST_RATE)
    nearer = np.exp(-np.clip(fades, 0.0, 700.0))
    found: Floats = early.strike + early.sign * reach * (1 - nearer)
    return found


def _miss(early: _Early, spot: Floats) -> tuple[Floats, Floats]:
    """What exercise brings beyond the value of holding on, and how that grows with the spot."""
    d1, share = early.chances(spot)
    european = early.sign * (spot * share - early.strike * early.paid * ndtr(early.sign * (d1 - early.total)))
    density = np.exp(-0.5 * np.square(d1)) / ROOT_TWO_PI * early.held / early.total
    held_back = early.sign * (1 - share)
    miss = early.sign * (spot - early.strike) - european - held_back * spot / early.power
    return miss, held_back - (held_back - density) / early.power
