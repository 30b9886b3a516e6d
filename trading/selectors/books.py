"""Books to read: what accounts hold, and what they did today."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db.models import Q

from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.orders import Side
from allcore.kernel.reports import CLOSINGS
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
    day = _day(accounts, today)
    touched = Q(instrument__in={instrument for _, instrument in day.touched})
    rows = Position.objects.filter(~Q(qty=0) | touched, account__in=accounts)
    positions = list(rows.select_related("account", "instrument__underlying").order_by("account_id", "id"))
    return _lines(positions, day, today)


def lines_as_of(account: Account, positions: Sequence[Position], day: date) -> list[Line]:
    """Return the positions as they stood at the end of a day, those that were open or touched on it."""
    return _lines(positions, _day([account], day), day)


def _lines(positions: Sequence[Position], day: "_Day", today: date) -> list[Line]:
    closes = _previous_closes({p.instrument_id for p in positions}, today)
    day.carry(closes)
    return [
        _line(p, day, closes.get(p.instrument_id))
        for p in positions
        if p.qty or (p.account_id, p.instrument_id) in day.touched
    ]


@dataclass(slots=True)
class _Day:
    """What a day did to pairs: trades, cash without a trade, and lots that went on elsewhere."""

    trades: dict[Pair, list[DayTrade]] = field(default_factory=dict)
    income: dict[Pair, Decimal] = field(default_factory=dict)
    carried: list[BookEvent] = field(default_factory=list)

    @property
    def touched(self) -> set[Pair]:
        """The pairs that anything happened to."""
        sides = ((e.account_id, pk) for e in self.carried for pk in (e.instrument_id, e.to_instrument_id) if pk)
        return {*self.trades, *self.income, *sides}

    def add(self, pair: Pair, trade: DayTrade) -> None:
        """Add a trade."""
        self.trades.setdefault(pair, []).append(trade)

    def note(self, event: BookEvent) -> None:
        """Take in what a book event did."""
        pair = event.account_id, event.instrument_id
        # What a closing costs is its trade's fee; what another event costs, such as a dividend's charge, comes off it.
        income = event.income - (Decimal(0) if event.kind in CLOSINGS else event.fee)
        if income:
            self.income[pair] = self.income.get(pair, Decimal(0)) + income
        if event.to_instrument_id is not None:
            self.carried.append(event)
        elif event.kind in CLOSINGS:
            self.add(pair, DayTrade(-event.qty, event.px, event.fee, event.transact_at, is_event=True))
        if event.deliverable_id is not None and event.delivery_px is not None:
            moved = DayTrade(event.shares, event.delivery_px, Decimal(0), event.transact_at, is_event=True)
            self.add((event.account_id, event.deliverable_id), moved)

    def carry(self, closes: Mapping[int, Decimal]) -> None:
        """Let what went on elsewhere leave at the previous close and arrive at the same value: no P&L moves with it."""
        for event in self.carried:
            target, to_qty = event.to_instrument, event.to_qty or 0
            if target is None or target.pk == event.instrument_id:
                self.add((event.account_id, event.instrument_id), _brought(event, to_qty - event.qty, Decimal(0)))
                continue
            px = closes.get(event.instrument_id, Decimal(0))
            worth = event.qty * px * event.instrument.multiplier
            self.add((event.account_id, event.instrument_id), _brought(event, -event.qty, px))
            if to_qty:
                arrived = worth / (to_qty * target.multiplier)
                self.add((event.account_id, target.pk), _brought(event, to_qty, arrived))


def _brought(event: BookEvent, qty: int, px: Decimal) -> DayTrade:
    return DayTrade(qty, px, Decimal(0), event.transact_at, is_event=True)


def _day(accounts: Collection[Account], today: date) -> _Day:
    day = _Day()
    executions = Execution.objects.filter(account__in=accounts, trade_date=today, status=Execution.Status.LIVE)
    for account, instrument, side, qty, px, fee, at in executions.order_by("id").values_list(
        "account", "instrument", "side", "qty", "px", "fee", "transact_at"
    ):
        day.add((account, instrument), DayTrade(qty * Side(side).sign, px, fee, at))
    events = BookEvent.objects.filter(account__in=accounts, trade_date=today).order_by("id")
    for event in events.select_related("instrument", "to_instrument"):
        day.note(event)
    return day


def _previous_closes(instruments: Iterable[int], today: date) -> dict[int, Decimal]:
    rows = ClosingMark.objects.filter(instrument__in=list(instruments), day__lt=today)
    newest = rows.order_by("instrument_id", "-day").distinct("instrument_id")
    return dict(newest.values_list("instrument_id", "px"))


def _line(position: Position, day: _Day, previous_close: Decimal | None) -> Line:
    instrument, pair = position.instrument, (position.account_id, position.instrument_id)
    done = tuple(day.trades.get(pair, ()))
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
        income=position.income,
        day_income=day.income.get(pair, Decimal(0)),
    )


def _underlying(instrument: Instrument) -> str:
    return instrument.symbol if instrument.underlying is None else instrument.underlying.symbol
