"""The day's P&L explained, by position and account, to read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal

from allcore.accounts.models import User
from allcore.kernel.clock import new_york_date
from marketdata.selectors import chains, clock
from risk.selectors.permissions import visible_accounts
from trading.domain.books.positions import DayTrade
from trading.domain.books.valuation import Valued
from trading.domain.explain.day import Explained, Held, Point, explain, together
from trading.selectors import pnl, points
from trading.selectors.pnl import AccountPnl
from trading.selectors.points import Moment
from trading.selectors.position_rows import describe
from trading.selectors.rows import Row, iso, text

TERM_NAMES = tuple(f.name for f in fields(Explained))


@dataclass(frozen=True, slots=True)
class Told:
    """A position with its day; None where a price that counts is missing."""

    position: Valued
    explained: Explained | None


def told(accounts: Iterable[AccountPnl], moment: Moment) -> list[Told]:
    """Return each position's day up to the moment."""
    positions = [position for account in accounts for position in account.positions]
    known = points.kept({p.line.instrument_id for p in positions}, new_york_date(moment.at))
    return [Told(p, _explained(p, known.get(p.line.instrument_id, []), moment)) for p in positions]


def _explained(position: Valued, known: Sequence[Point], moment: Moment) -> Explained | None:
    line, now = position.line, points.point_of(position, moment)
    if position.day_pnl is None:
        return None
    steps = list(known)
    if line.start_qty and line.previous_close is not None:
        steps = _from_the_close(steps, line.previous_close, moment)
    if now is None:  # flat, and nobody marks it: it ends where it was last seen, or at its last trade
        px = steps[-1].px if steps else _last_price(line.trades)
        now = Point(moment.at, px)
    held = Held(line.start_qty, line.trades, line.day_income, line.multiplier)
    return explain(held, [*steps, now])


def _last_price(trades: Sequence[DayTrade]) -> Decimal:
    """Return what the last trade was at; a dividend or interest may come to what was not even held today."""
    return trades[-1].px if trades else Decimal(0)


def _from_the_close(steps: list[Point], close: Decimal, moment: Moment) -> list[Point]:
    """Return the points from the previous close on; its Greeks count only if they were kept for that very mark."""
    today = new_york_date(moment.at)
    if steps and new_york_date(steps[0].at) < today:
        return [replace(steps[0], px=close), *steps[1:]]
    begin = steps[0].at if steps else moment.at
    return [Point(begin, close), *steps]


def rows(user: User, now: datetime) -> list[Row]:
    """Return the accounts that the person may see, each with its terms and its positions'.

    Raises:
        UnavailableError: no feed has run, or Redis is away.
    """
    exchange_now = clock.exchange_now(now)
    books = pnl.read(exchange_now, list(visible_accounts(user).order_by("position_order", "id")))
    symbols = {name for own in books for line in own.lines for name in (line.symbol, line.underlying)}
    quotes, greeks = chains.marks(sorted(symbols)) if symbols else ({}, {})
    moment = Moment(exchange_now, quotes, clock.rate())
    accounts = [
        pnl.valued(own, quotes=quotes, greeks=greeks, last={}, peak=Decimal(0), now=now) for own in books if own.lines
    ]
    found = told(accounts, moment)
    return [
        _account_row(account, [t for t in found if t.position.line.account == account], moment)
        for account in _of(accounts)
    ]


def _of(accounts: Iterable[AccountPnl]) -> list[str]:
    return [account.books.account.code for account in accounts]


def _account_row(code: str, own: Sequence[Told], moment: Moment) -> Row:
    known = [t.explained for t in own if t.explained is not None]
    whole = together(known)
    lines = [_position_row(t) for t in own]
    return {
        "account": code,
        "at": iso(moment.at),
        "missing": len(own) - len(known),
        **_terms(whole),
        "positions": lines,
    }


def _position_row(one: Told) -> Row:
    line = one.position.line
    terms: Row = dict.fromkeys((*TERM_NAMES, "total")) | {"is_alarming": True}
    row: Row = {"symbol": line.symbol, "description": describe(line), "underlying": line.underlying}
    return row | (terms if one.explained is None else _terms(one.explained))


def _terms(explained: Explained) -> Row:
    amounts: Row = {name: text(getattr(explained, name)) for name in TERM_NAMES}
    return amounts | {"total": text(explained.total), "is_alarming": explained.is_alarming}
