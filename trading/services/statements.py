"""The day's end: each account's statement is made once the session has settled and the broker has told its book."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from allcore import rows
from allcore.accounts.actors import desk_name
from allcore.api.json import dumps
from allcore.audit.services import record
from allcore.kernel.calendar import Session, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.money import to_cents
from allcore.kernel.reports import MassStatus
from allcore.live import publish_on_commit
from brokers.models import Account
from marketdata.selectors import clock
from trading.domain.books.statement import digest
from trading.models import BrokerBook, DayStatement
from trading.selectors import day_end
from trading.selectors.explained import told
from trading.selectors.pnl import AccountPnl
from trading.selectors.points import Moment
from trading.selectors.rows import Row, text
from trading.services.equity import SETTLING

ACTOR = desk_name("monitor")
PATIENCE = timedelta(hours=2)  # after the close: then the statement is made without what is still missing

KEEP = """
INSERT INTO broker_book (account_id, taken_at, cash, positions)
SELECT id, taken_at, cash, positions::jsonb
FROM unnest(%s::bigint[], %s::timestamptz[], %s::numeric[], %s::text[]) AS told (id, taken_at, cash, positions)
ON CONFLICT (account_id) DO UPDATE
SET taken_at = EXCLUDED.taken_at, cash = EXCLUDED.cash, positions = EXCLUDED.positions
WHERE broker_book.taken_at < EXCLUDED.taken_at
RETURNING account_id
"""


def keep_told(status: MassStatus) -> None:
    """Keep each account's book as the broker tells it now; an older one changes nothing."""
    numbers = dict(Account.objects.filter(connection__name=status.connection).values_list("pk", "broker_account"))
    if not numbers:
        return
    cash = {balance.account: balance.cash for balance in status.balances}
    held: dict[str, list[list[object]]] = {}
    for report in sorted(status.positions, key=lambda report: report.symbol):
        if report.qty:
            held.setdefault(report.account, []).append([report.symbol, report.qty, text(report.avg_px)])
    accounts = sorted(numbers)
    rows.read(
        KEEP,
        (
            accounts,
            [status.taken_at] * len(accounts),
            [cash.get(numbers[pk]) for pk in accounts],
            [dumps(held.get(numbers[pk], [])).decode() for pk in accounts],
        ),
    )


def close_day(accounts: Sequence[AccountPnl], moment: Moment, *, now: datetime) -> int:
    """Make the statements that are due, and return how many; twice makes none anew.

    An account waits while its equity is not known, its books still move or its broker has not told its book since the
    day settled; once the patience is over it waits for nothing but books that stand still.
    """
    session = session_on(new_york_date(moment.at))
    if session is None or moment.at < session.closes_at + SETTLING:
        return 0
    made = set(DayStatement.objects.filter(day=session.day).values_list("account", flat=True))
    due = [one for one in accounts if one.books.account.pk not in made and _was_funded(one)]
    return sum(_close(one, session, moment, now) for one in due)


def _was_funded(one: AccountPnl) -> bool:
    return bool(one.books.lines or one.books.capital or one.books.cash)


@transaction.atomic
def _close(one: AccountPnl, session: Session, moment: Moment, now: datetime) -> bool:
    lots = day_end.open_lots(one)
    if lots is None:
        return False  # something was booked since the books were read
    book = BrokerBook.objects.filter(account=one.books.account).first()
    if book is not None and (book.taken_at < settled_at(session) or day_end.was_booked_since(one, book.taken_at)):
        book = None
    if (book is None or one.equity is None) and moment.at < session.closes_at + PATIENCE:
        return False
    explained = [t.explained for t in told([one], moment)]
    return keep(one, session, day_end.content(day_end.Day(one, session, lots, explained, book)), now=now)


def keep(one: AccountPnl, session: Session, content: Row, *, now: datetime) -> bool:
    """Write a day's statement and tell of it; return whether it is new: one that was made is never changed."""
    statement, is_new = DayStatement.objects.get_or_create(
        account=one.books.account,
        day=session.day,
        defaults={
            "verdict": str(content["verdict"]),
            "equity": None if one.equity is None else to_cents(one.equity),
            "day_pnl": None if one.day_pnl is None else to_cents(one.day_pnl),
            "content": content,
            "digest": digest(content),
            "made_at": now,
        },
    )
    if is_new:
        _tell(statement, now)
    return is_new


def settled_at(session: Session) -> datetime:
    """Return when the session had settled, on the system's clock."""
    return clock.exchange_clock().system_at(session.closes_at + SETTLING)


def _tell(statement: DayStatement, now: datetime) -> None:
    account, day = statement.account.code, statement.day.isoformat()
    seen = {"day": day, "verdict": statement.verdict, "digest": statement.digest}
    record("day.closed", f"statement:{account}:{day}", seen, actor=ACTOR, at=now, account=account)
    if statement.verdict != DayStatement.Verdict.AGREES:
        message = f"The day-end statement of {account} for {day}: {statement.get_verdict_display().lower()}."
        told_as = {"code": f"DAY_END_{statement.verdict}", "message": message, "severity": "CRITICAL", **seen}
        publish_on_commit("alerts", "statement", told_as, account=account)
