"""An account's book as the gate weighs it: what it holds, what it may yet come to hold, what it is worth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db.models import Sum

from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.orders import CLOSED_STATUSES
from allcore.kernel.quotes import Greeks, Quote
from brokers.models import Account
from risk.domain.book import Book, Holding, Pending
from risk.domain.exposures import notional_by_underlying
from risk.models import Reservation
from trading.domain.books.marks import mark
from trading.models import Break, CashBalance, EquityPoint, LedgerEntry, Order, Position
from trading.selectors.tickets import ticket_of

Row = TypeVar("Row", Position, Order)
CLOSED = [str(status) for status in CLOSED_STATUSES]


@dataclass(frozen=True, slots=True)
class Household:
    """The rows of every account of one environment, read once. The books of each are made from them."""

    accounts: tuple[Account, ...]
    positions: Mapping[int, tuple[Position, ...]]
    orders: Mapping[int, tuple[Order, ...]]
    reserved: Mapping[UUID, Decimal]
    cash: Mapping[int, Decimal]

    @property
    def symbols(self) -> set[str]:
        """All symbols held or pending, and their underlyings."""
        held = {p.instrument.symbol for rows in self.positions.values() for p in rows}
        working = {leg.instrument.symbol for rows in self.orders.values() for o in rows for leg in o.legs.all()}
        names = {_underlying(p) for rows in self.positions.values() for p in rows}
        return held | working | names | {o.underlying for rows in self.orders.values() for o in rows}


def household(environment: str) -> Household:
    """Return the rows of the environment's accounts."""
    accounts = tuple(Account.objects.filter(connection__environment=environment).order_by("position_order", "id"))
    positions = Position.objects.exclude(qty=0).filter(account__in=accounts)
    orders = Order.objects.exclude(status__in=CLOSED).filter(account__in=accounts).select_related("account")
    working = list(orders.prefetch_related("legs__instrument").order_by("id"))
    return Household(
        accounts=accounts,
        positions=_by_account(positions.select_related("instrument__underlying").order_by("id")),
        orders=_by_account(working),
        reserved=dict(
            Reservation.objects.filter(account__in=accounts, released_at=None).values_list("order_id", "cash")
        ),
        cash=dict(CashBalance.objects.filter(account__in=accounts).values_list("account_id", "cash")),
    )


def _by_account(rows: Iterable[Row]) -> dict[int, tuple[Row, ...]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.account_id, []).append(row)
    return {account: tuple(own) for account, own in found.items()}


def book(
    account: Account,
    house: Household,
    *,
    quotes: Mapping[str, Quote],
    greeks: Mapping[str, Greeks],
    exchange_now: datetime,
) -> Book:
    """Return the account's book, marked by the quotes. What cannot be marked makes the equity None, not zero."""
    holdings = {a.pk: _holdings(house.positions.get(a.pk, ()), quotes, greeks) for a in house.accounts}
    pending = {a.pk: tuple(_pending(o, house) for o in house.orders.get(a.pk, ())) for a in house.accounts}
    equities = [_equity(house.cash.get(a.pk, Decimal(0)), holdings[a.pk]) for a in house.accounts]
    equity = _equity(house.cash.get(account.pk, Decimal(0)), holdings[account.pk])
    opened_with = open_equity(account, exchange_now)
    return Book(
        account=account.code,
        connection=account.connection.name,
        environment=account.connection.environment,
        is_enabled=account.is_enabled,
        cash=house.cash.get(account.pk, Decimal(0)),
        equity=equity,
        session_open_equity=opened_with,
        day_pnl=None if equity is None else equity - opened_with,
        household_equity=None if None in equities else sum((e for e in equities if e is not None), Decimal(0)),
        household_notional=_notional(holdings, pending),
        holdings=holdings[account.pk],
        pending=pending[account.pk],
        open_breaks=frozenset(
            Break.objects.filter(account=account, resolved_at=None).values_list("underlying", flat=True)
        ),
    )


def _notional(
    holdings: Mapping[int, tuple[Holding, ...]], pending: Mapping[int, tuple[Pending, ...]]
) -> dict[str, Decimal]:
    """Return the household's by underlying: one account's long does not offset another's short."""
    total: dict[str, Decimal] = {}
    for account, held in holdings.items():
        for underlying, notional in notional_by_underlying(held, pending[account]).items():
            total[underlying] = total.get(underlying, Decimal(0)) + notional
    return total


def open_equity(account: Account, exchange_now: datetime) -> Decimal:
    """Return the equity that the day's P&L counts from: the last close's, and what was put in or taken out since."""
    session = session_on(new_york_date(exchange_now))
    before = exchange_now if session is None else session.opens_at
    closes = EquityPoint.objects.filter(account=account, is_close=True, at__lt=before)
    close = closes.order_by("-at", "-id").values("at", "equity").first()
    flows = LedgerEntry.objects.filter(account=account, ledger=LedgerEntry.Ledger.CAPITAL)
    if close is not None:
        flows = flows.filter(at__gt=close["at"])
    # CAPITAL is the other side of CASH: a deposit is below zero on it.
    moved = -(flows.aggregate(sum=Sum("amount"))["sum"] or Decimal(0))
    return moved + (Decimal(0) if close is None else close["equity"])


def _underlying(position: Position) -> str:
    instrument = position.instrument
    return instrument.symbol if instrument.underlying is None else instrument.underlying.symbol


def _holdings(
    positions: Iterable[Position], quotes: Mapping[str, Quote], greeks: Mapping[str, Greeks]
) -> tuple[Holding, ...]:
    return tuple(_holding(p, quotes.get(p.instrument.symbol), greeks.get(p.instrument.symbol)) for p in positions)


def _holding(position: Position, quote: Quote | None, values: Greeks | None) -> Holding:
    instrument = position.instrument
    is_option = instrument.kind == InstrumentKind.OPTION
    own_delta = None if values is None else values.delta
    return Holding(
        symbol=instrument.symbol,
        underlying=_underlying(position),
        kind=InstrumentKind(instrument.kind),
        right=Right(instrument.right) if is_option else None,
        strike=instrument.strike,
        expiry=instrument.expiry,
        qty=position.qty,
        avg_px=position.avg_px,
        multiplier=instrument.multiplier,
        mark=mark(quote, values, position.qty),
        delta=own_delta if is_option else 1.0,
    )


def _pending(order: Order, house: Household) -> Pending:
    return Pending(
        order_id=order.pk,
        ticket=ticket_of(order),
        leaves=order.leaves_qty,
        cash=house.reserved.get(order.pk, Decimal(0)),
        staged_at=order.staged_at or order.created_at,
    )


def _equity(cash: Decimal, holdings: Iterable[Holding]) -> Decimal | None:
    total = cash
    for holding in holdings:
        if holding.mark is None:
            return None
        total += holding.qty * holding.mark * holding.multiplier
    return total
