"""Equity curves of one account or several, free of what was put in and taken out."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from risk.domain.measures.exposure import falls
from risk.domain.measures.numbers import MeasureInputError

Point = tuple[datetime, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """An account's equity at moments, and its flows: above zero what was put in. Dollars, oldest first."""

    points: tuple[Point, ...]
    flows: tuple[Point, ...]

    def capital_at(self, moment: datetime) -> float:
        """Return all that had been put in by then."""
        return sum(amount for at, amount in self.flows if at <= moment)

    def pnl_at(self, moment: datetime) -> float:
        """Return equity less what had been put in, as last seen by then; nothing before it was first seen."""
        place = bisect_right(self.points, moment, key=lambda point: point[0])
        if not place:
            return 0.0
        at, equity = self.points[place - 1]
        return equity - self.capital_at(at)


@dataclass(frozen=True, slots=True)
class Fall:
    """How far below its best the book is now and was at worst, as fractions; told from so many values since."""

    now: float
    worst: float
    worst_at: datetime
    since: datetime
    values: int


def fall(curves: Sequence[Curve]) -> Fall | None:
    """Return the fall of the accounts together; None where nothing was put in, or all of it taken out again."""
    moments = sorted({at for curve in curves for at, _ in (*curve.flows[:1], *curve.points)})
    if not moments:
        return None
    pnl = [sum(curve.pnl_at(at) for curve in curves) for at in moments]
    capital = [sum(curve.capital_at(at) for curve in curves) for at in moments]
    try:
        found = falls(pnl, capital)
    except MeasureInputError:
        return None
    worst = int(found.argmax())
    return Fall(float(found[-1]), float(found[worst]), moments[worst], moments[0], len(moments))
