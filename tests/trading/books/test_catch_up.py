"""Days that ended while nobody watched: stated at the next start, from what was kept, and nothing made up."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from brokers.models import Account
from marketdata.models import Instrument
from tests.builders.orders import NOW, PUT, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from tests.trading.books.test_statements import CASH, SECOND, account, market, tell
from trading.models import ClosingMark, DayStatement, GreekPoint
from trading.services.catch_up import MOST_SESSIONS, PATIENCE, catch_up
from trading.services.monitor import Monitor
from trading.services.settle import apply_reports

__all__ = ["account", "market"]
pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 3)
NEXT = NOW + timedelta(days=1)  # the start after a night without a monitor


def keep_mark(px: str, day: date = DAY) -> None:
    ClosingMark.objects.create(instrument=Instrument.objects.get(symbol=PUT), day=day, px=Decimal(px))


def start(at: datetime = NEXT) -> bool:
    return catch_up(at, since=at, now=at + PATIENCE)


def made(day: date = DAY) -> DayStatement:
    return DayStatement.objects.get(day=day)


def test_a_day_whose_end_nobody_saw_is_stated_at_the_next_start(account: Account) -> None:
    keep_mark("2.50")
    tell(account, at=NEXT)

    Monitor().look(NEXT - SECOND)

    one = made()
    assert (one.verdict, one.equity, one.content["caught_up"], one.content["unmarked"]) == (
        "AGREES",
        Decimal("100099.35"),
        True,
        [],
    )
    assert one.content["money"]["cash"] == str(CASH)
    (position,) = one.content["positions"]
    assert (position["symbol"], position["qty"], position["mark"], position["is_stale"]) == (PUT, -2, "2.50", False)
    assert [(lot["qty"], lot["price"]) for lot in position["lots"]] == [(-2, "3.00")]


def test_what_was_booked_later_is_not_in_the_day(account: Account) -> None:
    keep_mark("2.50")
    order = make_sent_order(make_ticket(account, quantity=1), account, origin="two")
    later = fill(order, leg_fill("e2", 1, "2.80"), at=NEXT)
    apply_reports("paper", [later], now=NEXT)
    tell(account, at=NEXT + SECOND, qty=-3)

    start()

    one = made()
    assert (one.content["positions"][0]["qty"], one.content["money"]["cash"], one.equity) == (
        -2,
        str(CASH),
        Decimal("100099.35"),
    )
    assert one.verdict == "UNTOLD"  # the broker's book is a later day's


def test_a_mark_that_was_not_kept_is_missing_and_said_so(account: Account) -> None:
    keep_mark("2.50", DAY - timedelta(days=1))

    start()

    one = made()
    assert (one.equity, one.day_pnl, one.content["unmarked"]) == (None, None, [PUT])
    assert one.content["positions"][0]["mark"] is None
    assert one.content["explained"]["missing"] == 1


def test_the_last_mark_of_that_day_stands_in_for_its_close_and_says_that_it_is_old(account: Account) -> None:
    for minutes, px in ((0, "2.90"), (5, "2.70")):
        at = NOW + timedelta(minutes=minutes)
        put = Instrument.objects.get(symbol=PUT)
        GreekPoint.objects.create(instrument=put, kind="TRADE", day=DAY, at=at, px=Decimal(px))

    start()

    position = made().content["positions"][0]
    assert (position["mark"], position["is_stale"]) == ("2.70", True)


def test_every_missed_session_is_stated_and_the_weekend_is_none(account: Account) -> None:
    start(NOW + timedelta(days=6))  # Tuesday to Monday

    days = list(DayStatement.objects.order_by("day").values_list("day", flat=True))
    assert days == [date(2026, 3, day) for day in (2, 3, 4, 5, 6)]  # funded on the 2nd


def test_twice_makes_none_anew(account: Account) -> None:
    start()

    start()

    assert DayStatement.objects.count() == 2


@pytest.mark.parametrize(("short", "count"), [(SECOND, 0), (timedelta(0), 2), (-SECOND, 2)])
def test_it_waits_for_the_broker_and_not_for_ever(account: Account, short: timedelta, count: int) -> None:
    is_done = catch_up(NEXT, since=NEXT, now=NEXT + PATIENCE - short)

    assert (is_done, DayStatement.objects.count()) == (count > 0, count)


def test_it_looks_back_at_no_more_than_so_many_sessions(account: Account) -> None:
    start(NOW + timedelta(days=100))

    assert DayStatement.objects.count() == MOST_SESSIONS


def test_an_account_that_was_never_funded_has_no_statement() -> None:
    make_account()

    start()

    assert not DayStatement.objects.exists()
