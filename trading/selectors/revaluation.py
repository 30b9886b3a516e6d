"""All accounts at the market's marks, again and again: what can be known beforehand is worked out once.

`pnl.valued` says the same of one account, position by position.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import overload

import numpy as np

from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.money import ZERO
from allcore.kernel.quotes import Greeks
from marketdata.domain.columns import Flags, Floats, MarketColumns, Whole, places
from marketdata.selectors.columns import Watched
from risk.domain.exposures import bound
from risk.domain.limits import MissingNumberError
from trading.domain.books.marks import Mark
from trading.domain.books.revalue import NONE, Prices, Revalued, dollars, revalue, shares_of
from trading.domain.books.valuation import Line, Valued, drawdown
from trading.domain.greeks import NetGreeks
from trading.selectors.pnl import STALE_AFTER, AccountBooks, AccountPnl, holding_of

A_SHARE = (0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)  # `trading.domain.greeks.OF_A_SHARE`
TOLD = (2, 3, 4, 5)  # delta, gamma, theta, vega, of the seven model values
PLACES = 4  # of a position's Greeks, as told


class Positions(Sequence[Valued]):
    """One account's positions at their marks, each made once somebody asks for it."""

    def __init__(self, lines: Sequence[Line], at: Revalued, values: Floats) -> None:
        self._lines = lines
        self._at = at
        self._values = values

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._lines)

    @overload
    def __getitem__(self, n: int) -> Valued: ...
    @overload
    def __getitem__(self, n: slice) -> Sequence[Valued]: ...
    def __getitem__(self, n: int | slice) -> Valued | Sequence[Valued]:
        """Return a position, or some."""
        if isinstance(n, slice):
            return [self[k] for k in range(*n.indices(len(self)))]
        units, values = int(self._at.mark[n]), self._values[n]
        mark = None if units == NONE else Mark(dollars(units), is_stale=bool(self._at.is_stale[n]))
        return Valued(self._lines[n], mark, None if np.isnan(values[0]) else Greeks(*values.tolist()))


@dataclass(frozen=True, slots=True)
class Part:
    """One account's place in the arrays, and what no mark changes of it. Dollars."""

    books: AccountBooks
    own: slice
    cost: Decimal
    bound: Decimal | None  # by shorts and open orders


@dataclass(frozen=True, slots=True)
class Looked:
    """One look: each account, and the places of the positions that differ from the look before; at the first, all."""

    accounts: list[AccountPnl]
    changed: list[int]
    is_first: bool
    every: "Positions"

    def position(self, place: int) -> Valued:
        """Return the position at the place, counted through all accounts."""
        return self.every[place]


class Revaluation:
    """The books as read, made ready to be valued. `last` are the last good marks by account and symbol, in units."""

    def __init__(self, books: Sequence[AccountBooks], last: Mapping[tuple[str, str], int]) -> None:
        self.lines = [line for own in books for line in own.lines]
        self.watched = Watched(sorted({name for line in self.lines for name in (line.symbol, line.underlying)}))
        at = places(self.watched.symbols)
        self._place = np.array([at[line.symbol] for line in self.lines], dtype=np.int64)
        self._shares = shares_of(self.lines)
        self._is_option = np.array([line.kind is InstrumentKind.OPTION for line in self.lines], dtype=np.bool_)
        self._last = np.array([last.get((line.account, line.symbol), NONE) for line in self.lines], dtype=np.int64)
        self._parts = _parts(books)
        self._told: tuple[Revalued, Floats] | None = None

    @property
    def marks(self) -> dict[tuple[str, str], int]:
        """The last good marks, for who reads the books anew."""
        known = zip(self.lines, self._last.tolist(), strict=True)
        return {(line.account, line.symbol): mark for line, mark in known if mark != NONE}

    def look(self, market: MarketColumns, *, peaks: Mapping[int, Decimal], now: datetime) -> Looked:
        """Return all accounts at the market's marks; `now` is the system's, `peaks` as `pnl.peak_pnl` has them."""
        values = np.where(self._is_option[:, None], market.values[self._place], A_SHARE)
        at = revalue(self._shares, self._prices(market, now), self._last)
        self._last = at.mark
        accounts = [_account(part, self._shares, at, values, peaks[part.books.account.pk]) for part in self._parts]
        is_first = self._told is None
        return Looked(accounts, self._changes(at, values), is_first, Positions(self.lines, at, values))

    def _prices(self, market: MarketColumns, now: datetime) -> Prices:
        age = np.round(now.timestamp() - market.vouched_at, 6)
        is_old = ~(age <= STALE_AFTER)  # none at all is NaN, and old
        model = np.where(self._is_option, market.model[self._place], NONE)
        at = self._place
        return Prices(market.bid[at], market.ask[at], model, market.is_halted[at], is_old[at])

    def _changes(self, at: Revalued, values: Floats) -> list[int]:
        greeks = np.nan_to_num(np.round(self._shares[:, None] * values[:, TOLD], PLACES), nan=np.inf)
        before, self._told = self._told, (at, greeks)
        if before is None:
            return list(range(len(self.lines)))
        was, had = before
        moved = (at.mark != was.mark) | (at.is_stale != was.is_stale) | (greeks != had).any(axis=1)
        changed: list[int] = np.flatnonzero(moved).tolist()
        return changed


def _parts(books: Sequence[AccountBooks]) -> list[Part]:
    parts, first = [], 0
    for own in books:
        held = [line for line in own.lines if line.qty]
        cost = sum((line.qty * (line.avg_px or ZERO) * line.multiplier for line in held), ZERO)
        parts.append(Part(own, slice(first, first + len(own.lines)), cost, _bound(own, held)))
        first += len(own.lines)
    return parts


def _bound(own: AccountBooks, held: Sequence[Line]) -> Decimal | None:
    try:
        return bound([holding_of(line) for line in held], ()) + own.reserved
    except MissingNumberError:
        return None


def _account(part: Part, shares: Whole, at: Revalued, values: Floats, peak: Decimal) -> AccountPnl:
    own, cut = part.books, part.own
    held, worth = shares[cut] != 0, at.worth[cut]
    is_known = _all(at.is_known[cut], held)
    value = dollars(worth.sum()) if is_known else None
    equity = None if value is None else own.cash + value
    longs = shares[cut] > 0
    at_work = _all(at.is_known[cut], longs) and part.bound is not None
    return AccountPnl(
        books=own,
        positions=Positions(own.lines, Revalued(at.mark[cut], worth, at.is_stale[cut]), values[cut]),
        equity=equity,
        unrealised=None if value is None else value - part.cost,
        day_pnl=None if equity is None else equity - own.opened_with,
        net=_net(shares[cut][held], values[cut][held]),
        deployed=part.bound + dollars(worth[longs].sum()) if at_work and part.bound is not None else None,
        drawdown=drawdown(None if equity is None else equity - own.capital, peak_pnl=peak, capital=own.capital),
    )


def _all(known: Flags, among: Flags) -> bool:
    return bool(known[among].all())


def _net(shares: Whole, values: Floats) -> NetGreeks | None:
    """Return the sums; None if one of the positions has no model values: a part is not passed off as the whole."""
    if np.isnan(values).any():
        return None
    delta, gamma, theta, vega = (float(x) for x in shares @ values[:, TOLD])
    return NetGreeks(delta, gamma, theta, vega)
