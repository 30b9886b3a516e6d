"""What a book gains and loses when spots and volatilities jump together, at once.

Source: the desk's stress grid (spot -20 to +20 %, volatility -5 to +20 points, half as much again for options that end
within a week) and its named days.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from risk.domain.measures.numbers import Floats, MeasureInputError, series
from risk.domain.measures.revaluation import Instruments, Shock, shifted, unit_pnl

SPOT_MOVES = (-0.20, -0.15, -0.10, -0.05, -0.03, -0.01, 0.0, 0.01, 0.03, 0.05, 0.10, 0.15, 0.20)
POINTS = (-0.05, 0.0, 0.05, 0.10, 0.20)
SHORT_DATED = 7 / 365
SHORT_DATED_FACTOR = 1.5
GAPS = (-0.30, 0.30)


@dataclass(frozen=True, slots=True)
class Named:
    """A day that people remember: every underlying moves so, volatilities by so many points; short-dated ones more."""

    name: str
    move: float
    points: float
    short_dated: float = SHORT_DATED_FACTOR


NAMED = (
    Named("October 1987", -0.20, 0.30),
    Named("February 2018", -0.04, 0.20, short_dated=2.0),
    Named("March 2020", -0.12, 0.25),
)


def grid(book: Instruments, *, moves: ArrayLike = SPOT_MOVES, points: ArrayLike = POINTS) -> Floats:
    """Return one share's gain of each instrument. Shape: instruments x moves x points.

    Every underlying moves alike. Raises MeasureInputError where a move leaves less than nothing of a price.
    """
    spot, vol = series("The moves", moves), series("The points", points)
    if (spot < -1).any():
        raise MeasureInputError(f"A price cannot fall by more than all of it, was {spot.min():g}.")
    each = np.repeat(spot, vol.size)[None, :]
    found = unit_pnl(book, Shock(each, shifted(book, _points(book, np.tile(vol, spot.size), SHORT_DATED_FACTOR))))
    return found.reshape(len(book), spot.size, vol.size)


def named(book: Instruments) -> Floats:
    """Return one share's gain of each instrument on each of NAMED. Shape: instruments x days."""
    days = [
        unit_pnl(
            book, Shock(np.array([[day.move]]), shifted(book, _points(book, np.array([day.points]), day.short_dated)))
        )
        for day in NAMED
    ]
    return np.hstack(days)


def gaps(book: Instruments) -> Floats:
    """Return one share's gain of each instrument if its underlying alone gaps. Shape: instruments x GAPS."""
    return unit_pnl(book, Shock(np.array([GAPS]), book.volatility[:, None]))


def _points(book: Instruments, points: Floats, short_dated: float) -> Floats:
    found: Floats = np.where(book.years <= SHORT_DATED, short_dated, 1.0)[:, None] * points
    return found
