"""Books to read: what accounts hold, and what they did today."""

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Q

from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.orders import Side
from brokers.models import Account
from marketdata.models import Instrument
from trading.domain.books.positions import DayTrade
from trading.domain.books.valuation import Line
from trading.models import BookEvent, CashBalance, ClosingMark, Execution, Position

Pair = tuple[int, int]  # ids of account and instrument


def cash(account: Account) -> Decimal:
    """Return the account's cash in dollars."""
    return CashBalance.objects.filter(account=account).values_list("cash", flat=True).first() or Decimal(0)


def holdings(account: Account) -> list[Position]:
    """Return the account's open positions with their instruments, by symbol."""
    rows = Position.objects.filter(account=account).exclude(qty=0).select_related("instrument__underlying")
    return list(rows.order_by("instrument__symbol", "id"))


def lines(accounts: Collection[Account], today: date) -> list[Line]:
    """Return the positions that are open or were touched today, each with its day; four statements."""
    trades = _day_trades(accounts, today)
    touched = Q(instrument__in={instrument for _, instrument in trades})
    rows = Position.objects.filter(~Q(qty=0) | touched, account__in=accounts)
    positions = list(rows.select_related("account", "instrument__underlying").order_by("account_id", "id"))
    closes = _previous_closes({p.instrument_id for p in positions}, today)
    return [
        _line(p, trades.get((p.account_id, p.instrument_id), ()), closes.get(p.instrument_id))
        for p in positions
        if p.qty or (p.account_id, p.instrument_id) in trades
    ]


def _day_trades(accounts: Collection[Account], today: date) -> dict[Pair, list[DayTrade]]:
    found: dict[Pair, list[DayTrade]] = {}
    executions = Execution.objects.filter(account__in=accounts, trade_date=today, status=Execution.Status.LIVE)
    for account, instrument, side, qty, px, fee in executions.order_by("id").values_list(
        "account", "instrument", "side", "qty", "px", "fee"
    ):
        found.setdefault((account, instrument), []).append(DayTrade(qty * Side(side).sign, px, fee))
    for event in BookEvent.objects.filter(account__in=accounts, trade_date=today).order_by("id"):
        closed = DayTrade(-event.qty, event.px, event.fee)
        found.setdefault((event.account_id, event.instrument_id), []).append(closed)
        if event.deliverable_id is not None and event.delivery_px is not None:
            moved = DayTrade(event.shares, event.delivery_px)
            found.setdefault((event.account_id, event.deliverable_id), []).append(moved)
    return found


def _previous_closes(instruments: Iterable[int], today: date) -> dict[int, Decimal]:
    rows = ClosingMark.objects.filter(instrument__in=list(instruments), day__lt=today)
    newest = rows.order_by("instrument_id", "-day").distinct("instrument_id")
    return dict(newest.values_list("instrument_id", "px"))


def _line(position: Position, trades: Iterable[DayTrade], previous_close: Decimal | None) -> Line:
    instrument, done = position.instrument, tuple(trades)
    return Line(
        account=position.account.code,
        instrument_id=instrument.pk,
        symbol=instrument.symbol,
        underlying=_underlying(instrument),
        kind=InstrumentKind(instrument.kind),
        right=Right(instrument.right) if instrument.right else None,
        strike=instrument.strike,
        expiry=instrument.expiry,
        multiplier=instrument.multiplier,
        qty=position.qty,
        avg_px=position.avg_px,
        realised=position.realised,
        fees=position.fees,
        start_qty=position.qty - sum(trade.qty for trade in done),
        previous_close=previous_close,
        trades=done,
    )


def _underlying(instrument: Instrument) -> str:
    return instrument.symbol if instrument.underlying is None else instrument.underlying.symbol
