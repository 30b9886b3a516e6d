"""A whole book at other spots, volatilities and times, every instrument valued anew.

Each instrument is valued once, whoever holds it; accounts are sums over its shares. Options that may be exercised
early are valued as such.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marketdata.domain import american, pricing
from risk.domain.measures.numbers import Floats

LEAST_VOLATILITY = 0.01
MOST_VOLATILITY = 2.0  # a shock leads no higher, unless it already was
DAYS_A_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Instruments:
    """One place an instrument; `owner` indexes the underlyings. Of a share, what options have is not looked at.

    Units: spots and strikes in dollars a share, years of calendar days / 365, volatilities and yields a year.
    """

    owner: NDArray[np.int64]
    is_option: NDArray[np.bool_]
    is_call: NDArray[np.bool_]
    is_american: NDArray[np.bool_]
    spot: Floats
    strike: Floats
    years: Floats
    volatility: Floats
    dividend: Floats
    rate: float

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.owner)

    @property
    def terms(self) -> pricing.Terms:
        """What models know of each before its volatility."""
        return pricing.terms(
            is_call=self.is_call,
            spot=self.spot,
            strike=self.strike,
            years=self.years,
            rate=self.rate,
            dividend=self.dividend,
        )


@dataclass(frozen=True, slots=True)
class Shock:
    """What happens in each scenario. Shapes: instruments x scenarios, or one that stretches to it.

    Units: `move` a fraction of the spot, `volatility` what it becomes a year, `days` calendar days that pass.
    """

    move: Floats
    volatility: Floats
    days: float = 0.0


def unit_pnl(book: Instruments, shock: Shock) -> Floats:
    """Return what one share of each instrument gains in each scenario. Shape: instruments x scenarios."""
    shape = np.broadcast_shapes(shock.move.shape, shock.volatility.shape, (len(book), 1))
    spots = np.broadcast_to(book.spot[:, None] * np.maximum(1 + shock.move, 0.0), shape)
    years = np.maximum(book.years - shock.days / DAYS_A_YEAR, 0.0)
    found: Floats = spots - book.spot[:, None]
    at = np.flatnonzero(book.is_option)
    if at.size:
        volatility = np.broadcast_to(shock.volatility, shape)
        before = _worth(book, at, book.spot[at, None], book.volatility[at, None], book.years)
        found[at] = _worth(book, at, spots[at], volatility[at], years) - before
    return found


def shifted(book: Instruments, points: Floats) -> Floats:
    """Return the volatilities moved by points (0.05 is five), never below one point. Shape: instruments x scenarios."""
    lowest = np.minimum(book.volatility, LEAST_VOLATILITY)[:, None]
    found: Floats = np.maximum(book.volatility[:, None] + points, lowest)
    return found


def scaled(book: Instruments, factors: Floats) -> Floats:
    """Return the volatilities times the factors, at most 200 %, which one that was higher does not pass."""
    own = book.volatility[:, None]
    found: Floats = np.clip(own * factors, np.minimum(own, LEAST_VOLATILITY), np.maximum(own, MOST_VOLATILITY))
    return found


def _worth(book: Instruments, at: NDArray[np.intp], spots: Floats, volatility: Floats, years: Floats) -> Floats:
    terms = pricing.terms(
        is_call=book.is_call[at, None],
        spot=np.maximum(spots, np.finfo(np.float64).tiny),
        strike=book.strike[at, None],
        years=years[at, None],
        rate=book.rate,
        dividend=book.dividend[at, None],
    )
    may_wait = np.broadcast_to(book.is_american[at, None], terms.spot.shape)
    found = pricing.price(terms, volatility)
    if may_wait.any():
        found = np.where(may_wait, american.price(terms, volatility), found)
    return found
