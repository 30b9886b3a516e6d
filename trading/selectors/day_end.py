"""An account as its day-end statement has it: its money, its positions with their lots, and the broker's book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q, Sum

from allcore.kernel.calendar import Session
from allcore.kernel.money import to_cents
from allcore.kernel.reports import CLOSINGS
from trading.domain.books.statement import Book, differences
from trading.domain.books.valuation import Valued
from trading.domain.explain.day import Explained, together
from trading.models import Break, BrokerBook, CashBalance, DayStatement, LedgerEntry, Lot, Position
from trading.selectors.explained import TERM_NAMES
from trading.selectors.lots import lot_row
from trading.selectors.pnl import AccountPnl
from trading.selectors.position_rows import position_row
from trading.selectors.rows import Row, iso, text

BOOK_KINDS = (Break.Kind.POSITION, Break.Kind.PRICE, Break.Kind.CASH)
OF_A_POSITION = (
    "symbol",
    "description",
    "qty",
    "avg_px",
    "mark",
    "is_stale",
    "market_value",
    "unrealised",
    "realised",
    "fees",
    "income",
    "day_pnl",
)


@dataclass(frozen=True, slots=True)
class Day:
    """What a statement is made of. `explained` has one for each position, None where a price is missing."""

    pnl: AccountPnl
    session: Session
    lots: Mapping[int, Sequence[Lot]]  # by instrument
    explained: Sequence[Explained | None]
    broker: BrokerBook | None


def open_lots(one: AccountPnl) -> dict[int, list[Lot]] | None:
    """Return the open lots by instrument; None if the books have moved on since `one` was read."""
    found: dict[int, list[Lot]] = {}
    lots = Lot.objects.filter(account=one.books.account).exclude(open_qty=0).select_related("instrument")
    for lot in lots.order_by("opened_at", "id"):
        found.setdefault(lot.instrument_id, []).append(lot)
    held = {line.instrument_id: line.qty for line in one.books.lines if line.qty}
    cash = CashBalance.objects.filter(account=one.books.account).values_list("cash", flat=True).first()
    agrees = {pk: sum(lot.open_qty for lot in own) for pk, own in found.items()} == held
    return found if agrees and (cash or Decimal(0)) == one.books.cash else None


def was_booked_since(one: AccountPnl, moment: datetime) -> bool:
    """Return whether anything was booked on the account after a moment of the system's clock."""
    return Position.objects.filter(account=one.books.account, updated_at__gt=moment).exists()


def content(day: Day) -> Row:
    """Return the statement: JSON values alone, money as text."""
    found = _differences(day)
    verdict = DayStatement.Verdict.BREAKS if found else DayStatement.Verdict.AGREES
    return {
        "account": day.pnl.books.account.code,
        "broker_account": day.pnl.books.account.broker_account,
        "day": day.session.day.isoformat(),
        "closed_at": iso(day.session.closes_at),
        "currency": "USD",
        "verdict": str(DayStatement.Verdict.UNTOLD if day.broker is None else verdict),
        "differences": found,
        "money": _money(day.pnl, _unsettled(day)),
        "explained": _explained(day.explained),
        "positions": [_position(p, day.lots) for p in day.pnl.positions],
        "broker": None if day.broker is None else _told(day.broker),
    }


def _unsettled(day: Day) -> Decimal:
    """Return the cash of the day's trades and deliveries: shares and options settle at the next session."""
    traded = Q(execution__trade_date=day.session.day)
    delivered = Q(book_event__trade_date=day.session.day, book_event__kind__in=CLOSINGS)
    cash = LedgerEntry.objects.filter(traded | delivered, account=day.pnl.books.account, ledger=LedgerEntry.Ledger.CASH)
    total: Decimal | None = cash.aggregate(total=Sum("amount"))["total"]
    return total or Decimal(0)


def _money(one: AccountPnl, unsettled: Decimal) -> Row:
    own = one.books
    amounts = {
        "cash": own.cash,
        "settled_cash": own.cash - unsettled,
        "unsettled_cash": unsettled,
        "equity": one.equity,
        "opened_with": own.opened_with,
        "day_pnl": one.day_pnl,
        "realised": own.realised,
        "unrealised": one.unrealised,
        "fees": own.fees,
        "income": own.income,
        "capital": own.capital,
    }
    return {name: None if amount is None else text(to_cents(amount)) for name, amount in amounts.items()}


def _explained(parts: Sequence[Explained | None]) -> Row:
    known = [part for part in parts if part is not None]
    whole = together(known)
    terms: Row = {name: text(getattr(whole, name)) for name in TERM_NAMES}
    return terms | {"total": text(whole.total), "missing": len(parts) - len(known)}


def _position(one: Valued, lots: Mapping[int, Sequence[Lot]]) -> Row:
    row = position_row(one)
    own = [lot_row(lot) for lot in lots.get(one.line.instrument_id, ())]
    return {name: row[name] for name in OF_A_POSITION} | {"lots": own}


def _told(book: BrokerBook) -> Row:
    held: list[Row] = [{"symbol": symbol, "qty": qty, "avg_px": px} for symbol, qty, px in book.positions]
    return {"taken_at": iso(book.taken_at), "cash": text(book.cash), "positions": held}


def _differences(day: Day) -> list[dict[str, str]]:
    """Return where the books differ now, and what stands open on the break desk about them."""
    if day.broker is None:
        return []
    ours = Book({p.line.symbol: p.line.qty for p in day.pnl.positions if p.line.qty}, day.pnl.books.cash)
    theirs = Book({symbol: qty for symbol, qty, _ in day.broker.positions}, day.broker.cash)
    found = differences(ours, theirs)
    known = {(one["kind"], one["subject"]) for one in found}
    standing = Break.objects.filter(account=day.pnl.books.account, kind__in=BOOK_KINDS, resolved_at=None)
    return found + [
        {"kind": row.kind, "subject": row.subject, "ours": row.ours, "theirs": row.theirs}
        for row in standing.order_by("id")
        if (row.kind, row.subject) not in known
    ]
