"""The equity curve: a point an account and exchange minute, and the session's last with what everything closed at."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from allcore.kernel.calendar import Session, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.money import to_cents
from trading.models import ClosingMark, EquityPoint
from trading.selectors.pnl import AccountPnl
from trading.selectors.points import Moment
from trading.services import explain

SETTLING = timedelta(minutes=15)  # after the close: expiries and assignments still belong to the day


def note(accounts: Sequence[AccountPnl], moment: Moment) -> None:
    """Write the points of this exchange minute; the same minute again is the same points, with the newer values.

    An account whose equity is not known gets none: a gap in the curve is true, a guess is not.
    """
    exchange_now = moment.at
    session = session_on(new_york_date(exchange_now))
    if session is None or exchange_now < session.opens_at:
        return
    known = [account for account in accounts if account.equity is not None]
    if exchange_now < session.closes_at:
        _write(known, exchange_now.replace(second=0, microsecond=0), is_close=False)
    else:
        _note_close(known, session, moment)


@transaction.atomic
def _note_close(accounts: Sequence[AccountPnl], session: Session, moment: Moment) -> None:
    """Write the close, anew while the day still settles; later only if it is missing and the day was watched at all."""
    day = EquityPoint.objects.filter(account__in=[a.books.account for a in accounts], at__gte=session.opens_at)
    watched = set(day.filter(at__lte=session.closes_at).values_list("account", flat=True))
    closed = set(day.filter(at=session.closes_at, is_close=True).values_list("account", flat=True))
    done = closed if moment.at >= session.closes_at + SETTLING else set()
    due = [a for a in accounts if a.books.account.pk in watched - done]
    _write(due, session.closes_at, is_close=True)
    explain.close_day(due, replace(moment, at=session.closes_at), is_first=not closed)
    marks = {p.line.instrument_id: p.mark.px for a in due for p in a.positions if p.line.qty and p.mark is not None}
    ClosingMark.objects.bulk_create(
        [ClosingMark(instrument_id=pk, day=session.day, px=px) for pk, px in sorted(marks.items())],
        update_conflicts=True,
        unique_fields=["instrument", "day"],
        update_fields=["px"],
    )


def _write(accounts: Sequence[AccountPnl], at: datetime, *, is_close: bool) -> None:
    EquityPoint.objects.bulk_create(
        [
            EquityPoint(
                account=account.books.account,
                at=at,
                equity=to_cents(account.equity),
                cash=to_cents(account.books.cash),
                realised=to_cents(account.books.realised),
                unrealised=to_cents(account.unrealised),
                is_close=is_close,
            )
            for account in accounts
            if account.equity is not None and account.unrealised is not None
        ],
        update_conflicts=True,
        unique_fields=["account", "at"],
        update_fields=["equity", "cash", "realised", "unrealised", "is_close"],
    )
