"""American options with a continuous dividend yield, a whole chain and many scenarios at a time.

The European price and, for the right to exercise early, the root of a quadratic: within a few tenths of a per cent of
the true value, and nearest it for options that end soon. Early exercise is worth nothing to a call without dividends,
nor to a put without interest: these are European.
Source: Barone-Adesi and Whaley, 1987; Haug, The Complete Guide to Option Pricing Formulas, 2nd edition, 2007, 3.1.1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from marketdata.domain import pricing
from marketdata.domain.pricing import ROOT_TWO_PI, Floats, Terms

MOST_STEPS = 60
CLOSE_ENOUGH = 1e-10  # of the strike
LEAST_TOTAL = 1e-4  # of volatility times the root of time: below it nothing is left to wait for
LEAST_RATE = 1e-12


@dataclass(frozen=True, slots=True)
class _Early:
    """What the right to exercise early is worked out from: the power it falls with, and that of a perpetual option."""

    terms: Terms
    volatility: Floats
    power: Floats
    perpetual: Floats


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
    at_edge = np.maximum(_held_back(early, edge), 0.0) * edge / np.abs(early.power)
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
        terms=t,
        volatility=volatility,
        power=(-tilt + t.sign * np.sqrt(tilt**2 + 4 * pull)) / 2,
        perpetual=(-tilt + t.sign * np.sqrt(tilt**2 + 8 * t.rate / variance)) / 2,
    )


def _edge(early: _Early) -> Floats:
    """Return the price of the underlying from which exercise is best: Newton's steps within a bracket."""
    t = early.terms
    never = np.abs(early.perpetual - 1) < LEAST_RATE
    far = np.where(t.is_call & never, np.inf, t.strike / (1 - 1 / np.where(never, 2.0, early.perpetual)))
    low, high = np.minimum(t.strike, far), np.maximum(t.strike, np.minimum(far, t.strike * 1e6))
    spot = _seed(early, far)
    for _ in range(MOST_STEPS):
        miss, slope = _miss(early, spot)
        is_beyond = t.sign * miss > 0
        low, high = np.where(is_beyond, low, np.maximum(low, spot)), np.where(is_beyond, np.minimum(high, spot), high)
        step = spot - miss / np.where(slope == 0.0, 1.0, slope)
        following = np.where((step > low) & (step < high), step, (low + high) / 2)
        if np.all(np.abs(following - spot) <= CLOSE_ENOUGH * t.strike):
            return following
        spot = following
    return spot


def _seed(early: _Early, far: Floats) -> Floats:
    t = early.terms
    reach = np.where(np.isfinite(far), np.abs(far - t.strike), t.strike)
    carry, total = (t.rate - t.dividend) * t.years, early.volatility * np.sqrt(t.years)
    nearer = np.exp(-np.clip((t.sign * carry + 2 * total) * t.strike / np.maximum(reach, LEAST_RATE), 0.0, 700.0))
    found: Floats = t.strike + t.sign * reach * (1 - nearer)
    return found


def _miss(early: _Early, spot: Floats) -> tuple[Floats, Floats]:
    """What exercise brings beyond the value of holding on, and how that grows with the spot."""
    t = early.terms
    at = Terms(t.is_call, spot, t.strike, t.years, t.rate, t.dividend)
    held_back, d1 = _held_back(early, spot), _d1(early, spot)
    total = early.volatility * np.sqrt(t.years)
    density = np.exp(-0.5 * np.square(d1)) / ROOT_TWO_PI * np.exp(-t.dividend * t.years) / total
    miss = t.sign * (spot - t.strike) - pricing.price(at, early.volatility) - t.sign * held_back * spot / early.power
    slope = t.sign * held_back - (t.sign * held_back - density) / early.power
    return miss, slope


def _held_back(early: _Early, spot: Floats) -> Floats:
    """What the holder of the share has that the holder of the European option has not, by share."""
    t = early.terms
    found: Floats = 1 - np.exp(-t.dividend * t.years) * ndtr(t.sign * _d1(early, spot))
    return found


def _d1(early: _Early, spot: Floats) -> Floats:
    t = early.terms
    total = early.volatility * np.sqrt(t.years)
    found: Floats = (np.log(spot / t.strike) + (t.rate - t.dividend) * t.years) / total + total / 2
    return found
