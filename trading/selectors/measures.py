"""Portfolio risk of the accounts that a person may see: what the measures need, read once for all of them.

What is missing is named; a measure that needs it is not told, rather than told of the rest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from allcore.accounts.models import User
from allcore.kernel import calendar
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.quotes import Greeks, Quality, Quote
from allcore.kernel.reports import BookKind
from marketdata.domain import pricing
from marketdata.models import Instrument
from marketdata.selectors import chains, clock, history, instruments
from risk.domain.measures.curves import Curve
from risk.domain.measures.history import Joint, Splits, enough, joint, moves_of
from risk.domain.measures.portfolio import History, Outcomes, Sensitivities, outcomes
from risk.domain.measures.revaluation import Instruments
from risk.selectors.permissions import visible_accounts
from trading.domain.books.valuation import Line
from trading.domain.greeks import OF_A_SHARE
from trading.domain.protocol.market_week import VOLATILITY_INDEX
from trading.models import CorporateAction, EquityPoint, LedgerEntry
from trading.selectors import pnl
from trading.selectors.pnl import STALE_AFTER, AccountPnl

REFERENCE = "SPY"
SESSIONS = 503  # a back-test's year before the year that counts
Doubts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Market:
    """What the market says of what is held, at the system's `now` and the exchange's `at`."""

    now: datetime
    at: datetime
    rate: float
    quotes: Mapping[str, Quote]
    greeks: Mapping[str, Greeks]
    known: Mapping[str, Instrument]

    def spot(self, name: str) -> float | None:
        """Return the middle of the underlying's quote."""
        quote = self.quotes.get(name)
        return None if quote is None or quote.mid is None else float(quote.mid)

    def lacks(self, line: Line) -> tuple[str, ...]:
        """Return what cannot be told of a position: a symbol without a price, or without a volatility."""
        no_spot = () if self.spot(line.underlying) is not None else (line.underlying,)
        is_modelled = line.kind is not InstrumentKind.OPTION or line.symbol in self.greeks
        return no_spot if is_modelled else (*no_spot, line.symbol)

    def doubts(self, symbols: Collection[str]) -> Doubts:
        """Return why the quotes of symbols are doubted."""
        said = {symbol: self._doubt(symbol) for symbol in sorted(symbols)}
        return {symbol: why for symbol, why in said.items() if why}

    def _doubt(self, symbol: str) -> str:
        quote = self.quotes.get(symbol)
        if quote is None:
            return "NONE"
        if quote.quality is not Quality.GOOD:
            return str(quote.quality)
        return str(Quality.STALE) if quote.age(self.now) > STALE_AFTER else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything held, as columns, and what it would have gained; `place` is where a symbol stands."""

    place: Mapping[str, int]
    names: tuple[str, ...]
    book: Instruments
    each: Sensitivities
    history: History
    gains: Outcomes
    reference: Joint
    horizon: int

    def shares(self, lines: Sequence[Line]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return how many shares of each instrument the positions come to."""
        found = np.zeros(len(self.book))
        for line in lines:
            found[self.place[line.symbol]] += line.qty * line.multiplier
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """The accounts at their marks, with their equity curves, and the sheet of what can be valued."""

    market: Market
    accounts: tuple[AccountPnl, ...]
    curves: Mapping[int, Curve]
    sheet: Sheet


def found(user: User, now: datetime) -> Found:
    """Return what the measures of the person's accounts are told from.

    Raises:
        UnavailableError: no feed has run, or Redis is away.
    """
    feed = clock.feed_clock()
    at = feed.clock.at(now)
    books = pnl.read(at, list(visible_accounts(user).select_related("connection")))
    lines = [line for own in books for line in own.lines if line.qty]
    names = {line.underlying for line in lines}
    quotes, greeks = chains.marks(sorted({line.symbol for line in lines} | names | {REFERENCE}))
    market = Market(now, at, feed.rate, quotes, greeks, instruments.by_symbol(names))
    accounts = tuple(pnl.valued(own, quotes=quotes, greeks=greeks, last={}, peak=Decimal(0), now=now) for own in books)
    return Found(market, accounts, _curves(accounts, at), _sheet(lines, market))


def _sheet(lines: Sequence[Line], market: Market) -> Sheet:
    each = {line.symbol: line for line in lines if not market.lacks(line)}
    held = [each[symbol] for symbol in sorted(each)]
    names = tuple(sorted({line.underlying for line in held}))
    book = _book(held, names, market)
    today = new_york_date(market.at)
    horizon = (calendar.next_session(today).day - today).days
    past, reference = _history(names, today)
    return Sheet(
        place={line.symbol: n for n, line in enumerate(held)},
        names=names,
        book=book,
        each=_sensitivities(held, market, book),
        history=past,
        gains=outcomes(book, names, past, days=horizon),
        reference=reference,
        horizon=horizon,
    )


def _book(held: Sequence[Line], names: Sequence[str], market: Market) -> Instruments:
    known = [market.known.get(line.underlying) for line in held]
    greeks = [market.greeks.get(line.symbol) for line in held]
    return Instruments(
        owner=np.array([names.index(line.underlying) for line in held], dtype=np.int64),
        is_option=np.array([line.kind is InstrumentKind.OPTION for line in held], dtype=np.bool_),
        is_call=np.array([line.right is Right.CALL for line in held], dtype=np.bool_),
        is_american=np.array([i is None or i.kind != InstrumentKind.INDEX for i in known], dtype=np.bool_),
        spot=np.array([market.spot(line.underlying) for line in held], dtype=np.float64),
        strike=np.array([float(line.strike or 1) for line in held]),
        years=np.array([0.0 if x.expiry is None else pricing.years_to_expiry(market.at, x.expiry) for x in held]),
        volatility=np.array([0.0 if g is None else g.iv for g in greeks]),
        dividend=np.array([0.0 if i is None else i.dividend_yield for i in known]),
        rate=market.rate,
    )


def _sensitivities(held: Sequence[Line], market: Market, book: Instruments) -> Sensitivities:
    of_each = [market.greeks[x.symbol] if x.kind is InstrumentKind.OPTION else OF_A_SHARE for x in held]
    delta, gamma, theta, vega = np.array([(g.delta, g.gamma, g.theta, g.vega) for g in of_each]).reshape(-1, 4).T
    second = pricing.desk_second_order(book.terms, np.where(book.is_option, book.volatility, 0.0))
    vanna, charm, vomma = (np.where(book.is_option, x, 0.0) for x in (second.vanna, second.charm, second.vomma))
    return Sensitivities(delta, gamma, theta, vega, vanna, charm, vomma, book.spot)


def _history(names: Sequence[str], today: date) -> tuple[History, Joint]:
    """Return the joint days of the names that have enough, and those with the reference among them."""
    wanted = {*names, REFERENCE, VOLATILITY_INDEX}
    known = moves_of(history.daily_closes(wanted, SESSIONS, today), splits(names))
    told = enough(known, names)
    volatility = enough(known, [VOLATILITY_INDEX])
    both = joint(known, told | volatility, most=SESSIONS)
    factors = 1 + both.of(VOLATILITY_INDEX) if volatility else None
    return History(both, factors), joint(known, told | {REFERENCE}, most=SESSIONS)


def splits(names: Sequence[str]) -> Splits:
    """Return the names' confirmed splits."""
    done = CorporateAction.objects.filter(
        symbol__in=names, kind=BookKind.SPLIT, state=CorporateAction.State.CONFIRMED
    ).order_by("ex_date", "id")
    return {(one.symbol, one.ex_date): one.ratio_new / one.ratio_old for one in done}


def _curves(accounts: Sequence[AccountPnl], at: datetime) -> dict[int, Curve]:
    """Return each account's closes and its equity now, with what was put in and taken out."""
    chosen = [a.books.account.pk for a in accounts]
    points: dict[int, list[tuple[datetime, float]]] = {pk: [] for pk in chosen}
    flows: dict[int, list[tuple[datetime, float]]] = {pk: [] for pk in chosen}
    closes = EquityPoint.objects.filter(account__in=chosen, is_close=True, at__lt=at).order_by("at", "id")
    for pk, moment, equity in closes.values_list("account", "at", "equity"):
        points[pk].append((moment, float(equity)))
    moved = LedgerEntry.objects.filter(account__in=chosen, ledger=LedgerEntry.Ledger.CAPITAL).order_by("at", "id")
    for pk, moment, amount in moved.values_list("account", "at", "amount"):
        flows[pk].append((moment, -float(amount)))  # CAPITAL is the other side of CASH
    for account in accounts:
        if account.equity is not None:
            points[account.books.account.pk].append((at, float(account.equity)))
    return {pk: Curve(tuple(points[pk]), tuple(flows[pk])) for pk in chosen}
