"""What a day did to several names together, from the closes that the desk keeps.

A move is from one session's close to the next session's: where a bar is missing there is no move, and a day counts only
if every name has one. Nothing is filled in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from allcore.kernel import calendar
from risk.domain.measures.numbers import Floats

LEAST = 250  # days that a value at risk is told from, and that a back-test looks back on
WINDOW = 252  # days that count: a year of sessions
BACKTESTED = 30  # days judged, without which a back-test says nothing

Closes = Mapping[str, Mapping[date, float]]
Splits = Mapping[tuple[str, date], float]  # new shares for an old one, from that day on


@dataclass(frozen=True, slots=True)
class Joint:
    """Days, oldest first, and what each name did. Shape of `moves`: days x names; fractions of the close before."""

    names: tuple[str, ...]
    days: tuple[date, ...]
    moves: Floats

    def of(self, name: str) -> Floats:
        """Return one name's moves."""
        found: Floats = self.moves[:, self.names.index(name)]
        return found


@lru_cache(maxsize=4096)
def _session_before(day: date) -> date:
    return calendar.previous_session(day).day


def moves(closes: Mapping[date, float], splits: Mapping[date, float]) -> dict[date, float]:
    """Return each session's move of one name; a split is not a move."""
    found = {}
    for day, close in closes.items():
        before = closes.get(_session_before(day))
        if before is not None and before > 0 and close > 0:
            found[day] = close * splits.get(day, 1.0) / before - 1
    return found


def moves_of(closes: Closes, splits: Splits) -> dict[str, dict[date, float]]:
    """Return each name's moves by day."""
    return {
        name: moves(own, {day: ratio for (split, day), ratio in splits.items() if split == name})
        for name, own in closes.items()
    }


def joint(known: Mapping[str, Mapping[date, float]], names: Collection[str], *, most: int | None = None) -> Joint:
    """Return the days on which every one of the names moved, the last `most` of them."""
    chosen = tuple(sorted(names))
    shared = set.intersection(*(set(known.get(name, {})) for name in chosen)) if chosen else set()
    days = tuple(sorted(shared))[-most if most is not None else None :]
    table = np.array([[known[name][day] for name in chosen] for day in days], dtype=np.float64)
    return Joint(chosen, days, table.reshape(len(days), len(chosen)))


def enough(known: Mapping[str, Mapping[date, float]], names: Collection[str]) -> frozenset[str]:
    """Return the names that have moved on as many days as a value at risk needs."""
    return frozenset(name for name in names if len(known.get(name, {})) >= LEAST)
