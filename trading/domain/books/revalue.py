"""A large book at new prices, all positions at once: whole numbers in arrays, so that money stays exact.

Prices are in ten-thousandths of a dollar a share (`MILS`), amounts in ten-thousandths of a dollar: 64 bits hold some
hundred billion dollars a position. The marks follow `trading.domain.books.marks`, to the same ten-thousandth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
from numpy.typing import NDArray

from trading.domain.books.valuation import Line

MILS = 10_000
TIGHT = 1_000  # ten cents
NONE = np.iinfo(np.int64).min  # no price
Whole = NDArray[np.int64]


def mils(amount: Decimal | None) -> int:
    """Return an amount or a price in ten-thousandths of a dollar; `NONE` for none."""
    return int(NONE) if amount is None else int((amount * MILS).to_integral_value(ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions as arrays, made once for a reading of the books: shares are quantity times multiplier, signed."""

    shares: Whole
    cost: Whole
    is_long: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Revalued:
    """Each position's mark, market value and unrealised P&L in ten-thousandths, 0 where `is_known` is not so."""

    mark: Whole
    market_value: Whole
    unrealised: Whole
    is_known: NDArray[np.bool_]

    @property
    def total(self) -> Decimal | None:
        """All that is unrealised, in dollars; None if one of the positions has no mark."""
        return Decimal(int(self.unrealised.sum())) / MILS if bool(self.is_known.all()) else None


def columns(lines: Sequence[Line]) -> Columns:
    """Return the lines' columns."""
    shares = np.array([line.qty * line.multiplier for line in lines], dtype=np.int64)
    paid = [Decimal(0) if line.avg_px is None else line.qty * line.avg_px * line.multiplier for line in lines]
    cost = np.array([mils(amount) for amount in paid], dtype=np.int64)
    return Columns(shares, cost, shares > 0)


def revalue(book: Columns, bid: Whole, ask: Whole, model: Whole) -> Revalued:
    """Return the book at these quotes and model prices, each in ten-thousandths of a dollar or `NONE`."""
    has_bid, has_ask = bid != NONE, ask != NONE
    twice = np.where(has_bid & has_ask, bid + ask, 0)
    width = np.where(has_bid & has_ask, ask - bid, -1)
    # The middle is (bid + ask) / 2, and tight is the larger of ten cents and a tenth of it: 20 x width <= bid + ask.
    is_tight = (width >= 0) & ((width <= TIGHT) | (20 * width <= twice))
    is_worthless = book.is_long & has_bid & (bid == 0)
    known = is_worthless | is_tight | (model != NONE)
    half = np.where(is_worthless, 0, np.where(is_tight, twice, np.where(known, 2 * model, 0)))
    worth = book.shares * half // 2
    return Revalued(half // 2, np.where(known, worth, 0), np.where(known, worth - book.cost, 0), known)
