"""Statements of days that ended while nobody watched, made at the next start from what the database has.

What was not kept is not made up: a position without a mark of that day has none, and then the day has no equity.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet, Sum

from allcore.kernel.calendar import Session, previous_session
from allcore.kernel.clock import NEW_YORK, new_york_date
from allcore.kernel.money import ZERO
from brokers.models import Account
from marketdata.models import Instrument
from risk.domain.limits import Limits
from trading.domain.books.marks import Mark
from trading.domain.books.valuation import Line, Valued, total
from trading.models import (
    BookEvent,
    BrokerBook,
    ClosingMark,
    DayStatement,
    EquityPoint,
    Execution,
    GreekPoint,
    LedgerEntry,
    Lot,
    Position,
)
from trading.selectors import books, day_end
from trading.selectors.pnl import AccountBooks, AccountPnl
from trading.services import statements
from trading.services.replay import replayed

MOST_SESSIONS = 30  # looked back at: who starts a desk after half a year reads no hundred statements first
PATIENCE = timedelta(minutes=10)  # after the start, for the broker to tell what was executed meanwhile


def catch_up(exchange_now: datetime, *, since: datetime, now: datetime) -> bool:
    """Make the statements that are missing of sessions before today; return whether nothing is left to wait for.

    An account waits until its broker has told its book since `since`, the start, but no longer than the patience.
    """
    told = dict(BrokerBook.objects.values_list("account", "taken_at"))
    is_whole = True
    for account in Account.objects.order_by("id"):
        taken_at = told.get(account.pk)
        if (taken_at is None or taken_at < since) and now - since < PATIENCE:
            is_whole = is_whole and next(_missed(account, new_york_date(exchange_now)), None) is None
            continue
        for session in reversed(list(_missed(account, new_york_date(exchange_now)))):
            _make(account, session, now)
    return is_whole


def _missed(account: Account, today: date) -> Iterator[Session]:
    """Yield the sessions that ended without a statement since the last one, or the first booking; newest first."""
    last = DayStatement.objects.filter(account=account, day__lt=today).order_by("-day").values_list("day", flat=True)
    first = LedgerEntry.objects.filter(account=account).order_by("at", "id").values_list("at", flat=True).first()
    if first is None:
        return
    begins = max([new_york_date(first), *(day + timedelta(days=1) for day in last[:1])])
    session = previous_session(today)
    for _ in range(MOST_SESSIONS):
        if session.day < begins:
            return
        yield session
        session = previous_session(session.day)


@transaction.atomic
def _make(account: Account, session: Session, now: datetime) -> None:
    lots, positions = _stood(account, session.day, now)
    one = _valued(account, session, books.lines_as_of(account, positions, session.day), positions)
    content = day_end.content(
        day_end.Day(one, session, lots, [None] * len(one.positions), _broker_book(account, session))
    )
    unmarked = [p.line.symbol for p in one.positions if p.line.qty and p.mark is None]
    statements.keep(one, session, content | {"caught_up": True, "unmarked": unmarked}, now=now)


def _stood(account: Account, day: date, now: datetime) -> tuple[dict[int, list[Lot]], list[Position]]:
    """Return the open lots and the positions at the end of a day, made from what had happened by then."""
    wanted = set(Execution.objects.filter(account=account, trade_date__lte=day).values_list("instrument", flat=True))
    events = BookEvent.objects.filter(account=account, trade_date__lte=day)
    for names in events.values_list("instrument", "deliverable", "to_instrument"):
        wanted |= {name for name in names if name}
    instruments = Instrument.objects.select_related("underlying").in_bulk(wanted)
    shelves = replayed(account, wanted, now=now, until=day)
    lots, positions = {}, []
    for pk in sorted(shelves, key=lambda pk: instruments[pk].symbol):
        shelf = shelves[pk]
        shelf.position.instrument = instruments[pk]
        positions.append(shelf.position)
        lots[pk] = shelf.standing
    return lots, positions


def _valued(account: Account, session: Session, lines: Sequence[Line], stood: Sequence[Position]) -> AccountPnl:
    marks = _marks([line.instrument_id for line in lines], session.day)
    positions = tuple(Valued(line, marks.get(line.instrument_id), None) for line in lines)
    own = _books(account, session, tuple(lines), stood)
    worth = total(p.market_value for p in positions)
    equity = None if worth is None else own.cash + worth
    return AccountPnl(
        books=own,
        positions=positions,
        equity=equity,
        unrealised=total(p.unrealised for p in positions),
        day_pnl=None if equity is None else equity - own.opened_with,
        net=None,
        deployed=None,
        drawdown=None,
    )


def _marks(instruments: Sequence[int], day: date) -> dict[int, Mark]:
    """Return the closing marks of the day; where there is none, the last that was kept on it, as stale."""
    kept = GreekPoint.objects.filter(instrument__in=instruments, day=day).order_by("at", "id")
    found = {pk: Mark(px, is_stale=True) for pk, px in kept.values_list("instrument", "px")}
    closing = ClosingMark.objects.filter(instrument__in=instruments, day=day)
    return found | {pk: Mark(px) for pk, px in closing.values_list("instrument", "px")}


def _books(account: Account, session: Session, lines: tuple[Line, ...], stood: Sequence[Position]) -> AccountBooks:
    by_then = _until(account, session.day)
    flows = by_then.filter(ledger=LedgerEntry.Ledger.CAPITAL)
    points = EquityPoint.objects.filter(account=account, is_close=True, at__lt=session.opens_at).order_by("-at", "-id")
    close = points.values_list("at", "equity").first()
    since = flows if close is None else flows.filter(at__gt=close[0])
    return AccountBooks(
        account=account,
        cash=_sum(by_then.filter(ledger=LedgerEntry.Ledger.CASH)),
        reserved=ZERO,
        realised=sum((position.realised for position in stood), ZERO),
        fees=sum((position.fees for position in stood), ZERO),
        income=sum((position.income for position in stood), ZERO),
        opened_with=(ZERO if close is None else close[1]) - _sum(since),
        capital=-_sum(flows),
        limits=Limits({}),
        lines=lines,
    )


def _until(account: Account, day: date) -> QuerySet[LedgerEntry]:
    """Return the ledger as it stood at the end of a day: what belongs to a trading day goes by that."""
    ends_at = datetime.combine(day + timedelta(days=1), time.min, NEW_YORK)
    dated = Q(execution__trade_date__lte=day) | Q(book_event__trade_date__lte=day)
    return LedgerEntry.objects.filter(dated | Q(execution=None, book_event=None, at__lt=ends_at), account=account)


def _sum(entries: QuerySet[LedgerEntry]) -> Decimal:
    found: Decimal | None = entries.aggregate(total=Sum("amount"))["total"]
    return ZERO if found is None else found


def _broker_book(account: Account, session: Session) -> BrokerBook | None:
    """Return the broker's book if it is still the day's: told after it settled, and nothing was booked since."""
    later = Execution.objects.filter(account=account, trade_date__gt=session.day).exists()
    book = BrokerBook.objects.filter(account=account, taken_at__gte=statements.settled_at(session)).first()
    if book is None or later or BookEvent.objects.filter(account=account, trade_date__gt=session.day).exists():
        return None
    return None if Position.objects.filter(account=account, updated_at__gt=book.taken_at).exists() else book
