"""An account's book as the gate weighs it: what it holds, what it may yet come to hold, what it is worth."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.money import ZERO
from allcore.kernel.quotes import Greeks, Quote
from brokers.models import Account
from risk.domain.book import Book, Holding, Pending
from risk.domain.day_trades import DayTrades
from risk.domain.exposures import notional_by_underlying
from trading.domain.books.marks import mark
from trading.selectors import trips
from trading.selectors.household import Household, Line, Member

Held = Mapping[int, tuple[Holding, ...]]


def book(
    account: Account,
    house: Household,
    *,
    quotes: Mapping[str, Quote],
    greeks: Mapping[str, Greeks],
    day_trades: DayTrades | None = None,
) -> Book:
    """Return the account's book, marked by the quotes. What cannot be marked makes the equity None, not zero."""
    held = {m.account_id: tuple(_holding(line, quotes, greeks) for line in m.lines) for m in house.members}
    equities = {m.account_id: _equity(m.cash, held[m.account_id]) for m in house.members}
    own, equity = house.member(account.pk), equities[account.pk]
    return Book(
        account=own.code,
        connection=own.connection,
        environment=house.environment,
        is_enabled=own.is_enabled,
        cash=own.cash,
        equity=equity,
        session_open_equity=own.opened_with,
        day_pnl=None if equity is None else equity - own.opened_with,
        household_equity=_sum(equities.values()),
        household_notional=_notional(house.members, held),
        holdings=held[account.pk],
        pending=own.pending,
        open_breaks=own.breaks,
        elsewhere=tuple(p for m in house.members if m.account_id != account.pk for p in m.pending),
        others=tuple(h for owner, positions in held.items() if owner != account.pk for h in positions),
        day_trades=day_trades,
        intraday_margin_from=trips.changed_on(account.connection),
    )


def _holding(line: Line, quotes: Mapping[str, Quote], greeks: Mapping[str, Greeks]) -> Holding:
    values = greeks.get(line.symbol)
    is_option = line.kind is InstrumentKind.OPTION
    own_delta = None if values is None else values.delta
    return Holding(
        symbol=line.symbol,
        underlying=line.underlying,
        kind=line.kind,
        right=line.right,
        strike=line.strike,
        expiry=line.expiry,
        qty=line.qty,
        avg_px=line.avg_px,
        multiplier=line.multiplier,
        mark=mark(quotes.get(line.symbol), values, line.qty),
        delta=own_delta if is_option else 1.0,
    )


def _equity(cash: Decimal, holdings: Iterable[Holding]) -> Decimal | None:
    total = cash
    for holding in holdings:
        if holding.mark is None:
            return None
        total += holding.qty * holding.mark * holding.multiplier
    return total


def _sum(equities: Iterable[Decimal | None]) -> Decimal | None:
    total = ZERO
    for equity in equities:
        if equity is None:
            return None
        total += equity
    return total


def _notional(members: Iterable[Member], held: Held) -> dict[str, Decimal | None]:
    """Return the household's by underlying: one account's long does not offset another's short.

    A name in which something cannot be marked has None; the others are known all the same.
    """
    total: dict[str, Decimal | None] = {}
    for member in members:
        for name, notional in _committed(held[member.account_id], member.pending).items():
            before = total.get(name, ZERO)
            total[name] = None if before is None or notional is None else before + notional
    return total


def _committed(holdings: Sequence[Holding], pending: Sequence[Pending]) -> dict[str, Decimal | None]:
    unmarked = {h.underlying for h in holdings if h.qty > 0 and h.mark is None}
    known = notional_by_underlying(
        [h for h in holdings if h.underlying not in unmarked], [p for p in pending if p.underlying not in unmarked]
    )
    return {**known, **dict.fromkeys(unmarked)}
