"""A large book at new prices, all positions at once: whole numbers in arrays, so that money stays exact.

Amounts and marks are in halves of a ten-thousandth of a dollar (`UNIT`): the middle of two prices is a whole number of
them. 64 bits hold some four hundred billion dollars a position. The marks follow `trading.domain.books.marks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from trading.domain.books.valuation import Line

UNIT = 20_000  # to the dollar
TIGHT = 1_000  # ten cents, in ten-thousandths
NONE = np.iinfo(np.int64).min  # no price
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prices:
    """The market, one place a position. Units: ten-thousandths of a dollar a share, `NONE` where missing.

    `is_old`: nobody vouched for the quote lately, or there is none.
    """

    bid: Whole
    ask: Whole
    model: Whole
    is_halted: Flags
    is_old: Flags


@dataclass(frozen=True, slots=True)
class Revalued:
    """Each position's mark and market value, in units; a mark is `NONE` and its value 0 where there is none.

    `is_stale`: the mark is an old one, or of a quote that nobody vouches for.
    """

    mark: Whole
    worth: Whole
    is_stale: Flags

    @property
    def is_known(self) -> Flags:
        """Whether there is a mark."""
        return np.not_equal(self.mark, NONE)


def shares_of(lines: Sequence[Line]) -> Whole:
    """Return what each position's price is multiplied by: quantity times multiplier, below zero for a short."""
    return np.array([line.qty * line.multiplier for line in lines], dtype=np.int64)


def dollars(units: int) -> Decimal:
    """Return an amount or a mark in dollars, exactly."""
    return Decimal(int(units)) / UNIT


def units(price: Decimal | None) -> int:
    """Return a price in units; `NONE` for none."""
    return int(NONE) if price is None else int((price * UNIT).to_integral_value())


def revalue(shares: Whole, at: Prices, last: Whole) -> Revalued:
    """Return the positions at these prices; what has none keeps its `last` mark, and says so."""
    fresh = _marks(shares, at)
    mark = np.where(fresh != NONE, fresh, last)
    worth = np.where(mark != NONE, shares * np.where(mark != NONE, mark, 0), 0)
    return Revalued(mark, worth, (mark != NONE) & ((fresh == NONE) | at.is_old))


def _marks(shares: Whole, at: Prices) -> Whole:
    has_both = (at.bid != NONE) & (at.ask != NONE) & ~at.is_halted
    twice = np.where(has_both, at.bid + at.ask, 0)
    width = np.where(has_both, at.ask - at.bid, -1)
    # The middle is (bid + ask) / 2, and tight is the larger of ten cents and a tenth of it: 20 x width <= bid + ask.
    is_tight = (width >= 0) & ((width <= TIGHT) | (20 * width <= twice))
    is_worthless = (shares > 0) & (at.bid == 0) & ~at.is_halted
    modelled = np.where(at.model != NONE, 2 * np.where(at.model != NONE, at.model, 0), NONE)
    return np.where(is_worthless, 0, np.where(is_tight, twice, modelled))
