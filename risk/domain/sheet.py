"""What is prepared for the gate beforehand: what names did in the last year, and how they hang together.

Positions, quotes and open orders are not in it: the gate takes them as they stand.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from risk.domain.limits import MissingNumberError
from risk.domain.measures.history import LEAST, WINDOW
from risk.domain.measures.numbers import Floats

CORRELATED_OVER = 63  # sessions
CORRELATED_FROM = 60  # of them, without which nothing is told
TOGETHER = 0.7


@dataclass(frozen=True, slots=True)
class Name:
    """One underlying. `moves` are fractions by day, NaN where there is none; `beta` None where it cannot be told.

    `sector` is empty where nobody has said it; `dividend` is a yield a year.
    """

    moves: Floats
    beta: float | None = None
    dividend: float = 0.0
    sector: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The names by symbol, over one row of days, oldest first; `at` is the system's time of the last look.

    `volatility` is by what all volatilities were scaled each day, NaN where not known, None where it never is; `rate`
    the riskless one a year.
    """

    at: datetime
    rate: float
    names: Mapping[str, Name]
    volatility: Floats | None = None

    def name(self, symbol: str) -> Name:
        """Return a name's past.

        Raises:
            MissingNumberError: the desk has none.
        """
        if symbol not in self.names:
            raise MissingNumberError(f"The desk keeps no daily closes of {symbol}.", symbol=symbol)
        return self.names[symbol]

    def beta(self, symbol: str) -> float:
        """Return a name's beta. Raises MissingNumberError where it cannot be told."""
        found = self.name(symbol).beta
        if found is None:
            raise MissingNumberError(f"The beta of {symbol} is not known: it takes {CORRELATED_FROM} days of closes.")
        return found

    def days(self, symbols: Collection[str]) -> tuple[Floats, Floats]:
        """Return the last year's joint moves of the names, and the factors of volatility. Shapes: names x days; days.

        Raises:
            MissingNumberError: a name has none, or the joint days are too few.
        """
        table = np.array([self.name(symbol).moves for symbol in symbols])
        factors = np.ones(table.shape[1]) if self.volatility is None else self.volatility
        whole = np.flatnonzero(~(np.isnan(table).any(axis=0) | np.isnan(factors)))[-WINDOW:]
        if whole.size < LEAST:
            names = ", ".join(symbols)
            raise MissingNumberError(
                f"A value at risk takes {LEAST} days of closes; of {names} there are {whole.size}."
            )
        return table[:, whole], factors[whole]

    def together(self, one: str, other: str) -> float | None:
        """Return the correlation of the last sessions that both have; None where these are too few."""
        if one not in self.names or other not in self.names:
            return None
        own, others = (self.names[symbol].moves[-CORRELATED_OVER:] for symbol in (one, other))
        both = ~(np.isnan(own) | np.isnan(others))
        if both.sum() < CORRELATED_FROM:
            return None
        own, others = own[both] - own[both].mean(), others[both] - others[both].mean()
        size = float(np.sqrt((own @ own) * (others @ others)))
        return None if size <= 0 else float(own @ others) / size


def cluster(sheet: Sheet, symbol: str, among: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that move with the symbol, directly or by way of another, and those of them for want of days.

    What is not known to move apart counts as moving together.
    """
    found, unknown, edge = {symbol}, set[str](), [symbol]
    while edge:
        one = edge.pop()
        for other in sorted(set(among) - found):
            correlation = sheet.together(one, other)
            if correlation is None:
                unknown.add(other)
            if correlation is None or correlation >= TOGETHER:
                found.add(other)
                edge.append(other)
    return frozenset(found), frozenset(unknown)
