"""Settlement a day later, and what a cash account may do with what has not settled."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import Side
from allcore.kernel.reports import BookKind
from brokers.models import Account, Connection, PaperAccount
from brokers.paper.books import AccountBook, after_booking, after_fill
from brokers.paper.records import BookingRecord, Change, FillRecord, OrderRecord, Status
from brokers.paper.settings import BadPaperSettingsError, PaperSettings
from brokers.paper.settlement import NOTHING_DUE, Settlement
from brokers.services.paper_store import DatabaseStore
from tests.brokers.floors import Floor, after
from tests.builders.paper import ACCOUNT, OPEN_AT, PUT, book, buy, holding

WEDNESDAY, THURSDAY, FRIDAY = date(2026, 6, 10), date(2026, 6, 11), date(2026, 6, 12)
MONDAY, JUNETEENTH = date(2026, 6, 15), date(2026, 6, 19)
AT = {day: datetime(day.year, day.month, day.day, 15, tzinfo=UTC) for day in (WEDNESDAY, THURSDAY, FRIDAY, MONDAY)}


def traded(
    account: AccountBook, qty: int, px: str, *, symbol: str = "TSLA", day: date = WEDNESDAY, fee: str = "0"
) -> AccountBook:
    fill = FillRecord(
        order_id="C1",
        account=ACCOUNT,
        exec_id="C1-1",
        leg=0,
        symbol=symbol,
        side=Side.BUY if qty > 0 else Side.SELL,
        qty=abs(qty),
        px=Decimal(px),
        fee=Decimal(fee),
        multiplier=1 if symbol != PUT else 100,
        transact_at=AT[day],
        quote_at=AT[day],
        units=abs(qty),
    )
    return after_fill(account, fill)


def settled(account: AccountBook, today: date) -> Decimal:
    return account.cash - account.settlement.on_its_way(today)


def test_proceeds_are_cash_at_once_and_settled_with_the_next_session() -> None:
    sold = traded(holding({"TSLA": 100}, cash="1000"), -100, "300", day=FRIDAY, fee="1")

    assert sold.cash == Decimal(30_999)
    assert settled(sold, FRIDAY) == Decimal(1_000)
    assert settled(sold, FRIDAY + timedelta(days=2)) == Decimal(1_000)
    assert settled(sold, MONDAY) == Decimal(30_999)


def test_a_holiday_is_no_day_to_settle_on() -> None:
    due = Settlement(date(2026, 6, 18), Decimal(100))

    assert due.on_its_way(JUNETEENTH) == due.on_its_way(date(2026, 6, 21)) == 100
    assert due.on_its_way(date(2026, 6, 22)) == 0


def test_a_new_days_trades_find_the_day_before_settled() -> None:
    account = traded(holding({"TSLA": 100}, cash="0"), -50, "300")
    account = traded(account, -50, "310", day=THURSDAY)

    assert account.settlement.cash == Decimal(15_500)
    assert settled(account, THURSDAY) == Decimal(15_000)


def test_what_is_told_late_has_settled() -> None:
    account = traded(holding({"TSLA": 100}, cash="0"), -50, "300", day=MONDAY)
    late = BookingRecord(ACCOUNT, "e", BookKind.ASSIGNMENT, PUT, -1, AT[FRIDAY], AT[MONDAY], "TSLA", 100, Decimal(250))

    account = after_booking(replace(account, holdings=holding({PUT: -1}).holdings), late)

    assert account.cash == Decimal(-10_000)
    assert settled(account, MONDAY) == Decimal(-25_000)


def test_buying_with_proceeds_and_selling_that_before_they_settle_is_a_violation() -> None:
    account = traded(holding({"TSLA": 100}, cash="0"), -100, "300")
    bought = traded(account, 100, "200", symbol="AAPL")
    sold = traded(bought, -100, "201", symbol="AAPL")

    assert bought.settlement.violations == ()
    assert sold.settlement.violations == (WEDNESDAY,)


def test_what_settled_cash_paid_for_may_be_sold_at_once() -> None:
    account = traded(holding({"TSLA": 100}, cash="20000"), -100, "300")
    account = traded(account, 100, "200", symbol="AAPL")

    assert traded(account, -100, "201", symbol="AAPL").settlement.violations == ()


def test_one_cent_more_than_settled_cash_is_not_paid_for() -> None:
    account = traded(holding({"TSLA": 100}, cash="19999.99"), -100, "300")
    account = traded(account, 100, "200", symbol="AAPL")

    assert traded(account, -100, "201", symbol="AAPL").settlement.violations == (WEDNESDAY,)


def test_settled_cash_pays_only_once() -> None:
    account = traded(holding({"TSLA": 100}, cash="20000"), -100, "300")
    account = traded(account, 100, "200", symbol="AAPL")
    account = traded(account, 10, "100", symbol="MSFT")

    assert dict(account.settlement.unpaid) == {"MSFT": 10}


def test_selling_the_day_after_is_in_good_faith() -> None:
    account = traded(holding({"TSLA": 100}, cash="0"), -100, "300")
    account = traded(account, 100, "200", symbol="AAPL")

    assert traded(account, -100, "201", symbol="AAPL", day=THURSDAY).settlement.violations == ()


def test_what_was_held_before_is_sold_first() -> None:
    account = traded(holding({"TSLA": 100, "AAPL": 50}, cash="0"), -100, "300")
    account = traded(account, 100, "200", symbol="AAPL")

    sold = traded(account, -50, "201", symbol="AAPL")

    assert sold.settlement.violations == ()
    assert traded(sold, -1, "201", symbol="AAPL").settlement.violations == (WEDNESDAY,)


def test_an_order_in_many_pieces_is_one_violation() -> None:
    account = traded(holding({"TSLA": 100}, cash="0"), -100, "300")
    account = traded(account, 100, "200", symbol="AAPL")

    for _ in range(10):
        account = traded(account, -10, "201", symbol="AAPL")

    assert account.settlement.violations == (WEDNESDAY,)


def test_an_option_that_ends_worthless_was_not_sold() -> None:
    account = traded(holding({"TSLA": 100}, cash="0"), -100, "300", day=FRIDAY)
    account = traded(account, 1, "4.00", symbol=PUT, day=FRIDAY)

    ended = after_booking(account, BookingRecord(ACCOUNT, "e", BookKind.EXPIRY, PUT, 1, AT[FRIDAY], AT[FRIDAY]))

    assert ended.settlement.violations == ()


@pytest.mark.parametrize(
    ("days", "until"),
    [
        ((0, 100), None),
        ((0, 100, 365), 365 + 90),
        ((0, 100, 366), None),
        ((0, 100, 366, 400), 400 + 90),
    ],
)
def test_the_third_violation_in_twelve_months_restricts_for_ninety_days(
    days: tuple[int, ...], until: int | None
) -> None:
    account = Settlement(violations=tuple(WEDNESDAY + timedelta(days=d) for d in days))
    end = None if until is None else WEDNESDAY + timedelta(days=until)

    assert account.restricted_until(WEDNESDAY + timedelta(days=days[-1])) == end
    if end is not None:
        assert account.restricted_until(end - timedelta(days=1)) == end
        assert account.restricted_until(end) is None


@pytest.mark.parametrize(
    ("is_cash_account", "faults", "cash", "said"),
    [
        (True, 3, "424.99", "REJECT"),
        (True, 3, "425.00", "ACK"),
        (True, 2, "0.00", "ACK"),
        (False, 3, "0.00", "ACK"),
    ],
)
def test_a_restricted_cash_account_buys_with_settled_cash_alone(
    is_cash_account: bool, faults: int, cash: str, said: str
) -> None:
    fresh = Settlement(WEDNESDAY, Decimal(5_000), Decimal(5_000), violations=(WEDNESDAY,) * faults)
    floor = Floor(
        replace(book(str(Decimal(cash) + 5_000)), settlement=fresh),
        is_cash_account=is_cash_account,
    )
    floor.show(PUT, "4.20", "4.30", at=OPEN_AT)
    floor.send("C1", buy(PUT, "4.25"))

    assert floor.go(after(seconds=1)) == [said]
    assert floor.orders["C1"].reason == ("UNSETTLED_CASH" if said == "REJECT" else "")


def test_a_settlement_is_read_as_it_was_written() -> None:
    kept = Settlement(WEDNESDAY, Decimal("-1.25"), Decimal("3.50"), {"AAPL": 7}, (WEDNESDAY, THURSDAY))

    assert Settlement.from_dict(kept.as_dict()) == kept
    assert Settlement.from_dict({}) == NOTHING_DUE


def test_a_connections_account_is_a_margin_account_unless_it_says_cash() -> None:
    assert not PaperSettings.read({}).is_cash_account
    assert PaperSettings.read({"account": "cash"}).is_cash_account
    with pytest.raises(BadPaperSettingsError, match="account is one of margin, cash, was 'ira'"):
        PaperSettings.read({"account": "ira"})


@pytest.mark.django_db
def test_what_is_on_its_way_is_kept_with_the_cash() -> None:
    paper = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    PaperAccount.objects.create(number=ACCOUNT, cash=Decimal(1_000)).positions.create(
        symbol="TSLA", qty=100, avg_px=Decimal(1)
    )
    Account.objects.create(
        code="gen", name="Gen", tier="gen", connection=paper, broker_account=ACCOUNT, baseline=Decimal(0)
    )
    store = DatabaseStore("paper")
    order = OrderRecord("C1", "C1", ACCOUNT, buy(PUT, "4.00"), Status.WORKING, AT[WEDNESDAY], AT[WEDNESDAY])
    store.write([Change(orders=(order,))])
    fill = FillRecord(
        "C1", ACCOUNT, "C1-1", 0, "TSLA", Side.SELL, 60, Decimal(300), Decimal(1), 1, AT[WEDNESDAY], AT[WEDNESDAY], 1
    )

    store.write([Change(fills=(fill,))])
    store.write([Change(fills=(replace(fill, exec_id="C1-2", qty=40),))])

    account = store.account(ACCOUNT)
    assert account is not None
    assert (account.settlement.day, account.settlement.cash) == (WEDNESDAY, Decimal(29_998))
    assert settled(account, WEDNESDAY) == Decimal(1_000)
