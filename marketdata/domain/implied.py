"""The volatility that a price implies, for a whole chain at a time.

Source: Manaster and Koehler, 1982: from the price's inflection point Newton's steps do not overshoot. A bracket keeps
those that start elsewhere.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from marketdata.domain.pricing import Floats, Terms, price, raw_greeks

LOWEST = 1e-4
HIGHEST = 20.0
MOST_STEPS = 80
CLOSE_ENOUGH = 1e-12  # of the spot
LEAST_VEGA = 1e-10
HAIR = 1e-9  # a price this near to intrinsic, in spots, holds no volatility that can be told


class Unsolved(StrEnum):
    """Why a price implies no volatility."""

    MISSING = "MISSING"
    ZERO_PRICE = "ZERO_PRICE"
    BELOW_INTRINSIC = "BELOW_INTRINSIC"
    ABOVE_BOUND = "ABOVE_BOUND"
    NO_CONVERGENCE = "NO_CONVERGENCE"


CODES = tuple(Unsolved)


@dataclass(frozen=True, slots=True)
class ImpliedVolatilities:
    """Solved volatilities, NaN where there is none; `faults` indexes CODES from 1, 0 where solved."""

    values: Floats
    faults: NDArray[np.int8]

    def value(self, index: int = 0) -> float | None:
        """Return one volatility a year, or None."""
        return None if self.faults[index] else float(self.values[index])

    def reason(self, index: int = 0) -> Unsolved | None:
        """Return why there is none, or None where there is one."""
        fault = int(self.faults[index])
        return CODES[fault - 1] if fault else None


def implied(t: Terms, prices: ArrayLike, *, guess: Floats | None = None) -> ImpliedVolatilities:
    """Return the volatilities at which the options are worth `prices` (NaN: no price).

    Shapes: one dimension, as the terms. `guess` (last second's answer, NaN where none) saves steps and never decides.
    """
    paid = np.broadcast_to(np.asarray(prices, dtype=np.float64), t.spot.shape)
    faults = _faults(t, paid)
    values = np.full(paid.shape, np.nan)
    todo = np.flatnonzero(faults == 0)
    if todo.size:
        part = _out_of_the_money(_take(t, todo))
        worth = paid[todo] - _parity(t, todo)
        start = _inflection(part) if guess is None else np.where(np.isnan(guess[todo]), _inflection(part), guess[todo])
        values[todo] = _solve(part, worth, start)
        failed = todo[np.isnan(values[todo])]
        faults[failed] = 1 + CODES.index(Unsolved.NO_CONVERGENCE)
    return ImpliedVolatilities(values, faults)


def _faults(t: Terms, paid: Floats) -> NDArray[np.int8]:
    rules = (
        (np.isnan(paid), Unsolved.MISSING),
        (paid <= 0.0, Unsolved.ZERO_PRICE),
        (paid <= t.least + HAIR * t.spot, Unsolved.BELOW_INTRINSIC),
        (paid >= t.most, Unsolved.ABOVE_BOUND),
    )
    return np.select([r for r, _ in rules], [1 + CODES.index(why) for _, why in rules], 0).astype(np.int8)


def _take(t: Terms, where: NDArray[np.intp]) -> Terms:
    return Terms(t.is_call[where], t.spot[where], t.strike[where], t.years[where], t.rate[where], t.dividend[where])


def _out_of_the_money(t: Terms) -> Terms:
    """The same volatility is read off the cheaper right, where the digits are."""
    return Terms(t.spot_paid <= t.strike_paid, t.spot, t.strike, t.years, t.rate, t.dividend)


def _parity(t: Terms, where: NDArray[np.intp]) -> Floats:
    """What an in-the-money option is worth beyond its out-of-the-money sibling."""
    return t.least[where]


def _inflection(t: Terms) -> Floats:
    years = np.where(t.years > 0.0, t.years, np.inf)  # without time no volatility is reachable, wherever it starts
    start = np.sqrt(2 * np.abs(np.log(t.spot_paid / t.strike_paid)) / years)
    return np.clip(start, 0.05, HIGHEST / 2)


def _solve(t: Terms, worth: Floats, start: Floats) -> Floats:
    answer = np.full(worth.shape, np.nan)
    index = np.arange(worth.size)
    low, high, vol = np.full(worth.shape, LOWEST), np.full(worth.shape, HIGHEST), np.clip(start, LOWEST, HIGHEST)
    reachable = (price(t, low) <= worth) & (worth <= price(t, high))
    for _ in range(MOST_STEPS):
        now = raw_greeks(t, vol)
        miss = now.price - worth
        low, high = np.where(miss < 0, vol, low), np.where(miss > 0, vol, high)
        newton = vol - miss / np.maximum(now.vega, LEAST_VEGA)
        inside = (newton > low) & (newton < high)
        following = np.where(inside, newton, (low + high) / 2)
        done = (np.abs(miss) <= CLOSE_ENOUGH * worth) | (np.abs(following - vol) <= CLOSE_ENOUGH * vol)
        answer[index[done]] = vol[done]
        left = np.flatnonzero(~done)
        if not left.size:
            break
        index, low, high, vol = index[left], low[left], high[left], following[left]
        t, worth = _take(t, left), worth[left]
    answer[~reachable] = np.nan
    return answer
