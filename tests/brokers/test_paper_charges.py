"""Interest and borrow fees at the paper broker."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.reports import CURRENCY, BookKind, BookReport
from brokers.models import Account, Connection, PaperAccount
from brokers.paper.actions import Standing
from brokers.paper.books import AccountBook
from brokers.paper.charges import borrow_fee, interest
from brokers.paper.exchange import Exchange
from brokers.paper.fees import row_on
from brokers.paper.moment import Moment
from brokers.paper.rates import FREE, POLICY, Rate, Rates
from brokers.paper.settings import BadPaperSettingsError, PaperSettings
from brokers.paper.settlement import Settlement
from brokers.paper.store import StaleWriterError
from brokers.paper.tariffs import FIRST
from brokers.services.paper_store import DatabaseStore
from tests.brokers.floors import TERMS, Floor
from tests.builders.paper import ACCOUNT, PUT, holding

FRIDAY = date(2026, 6, 12)
THURSDAY = date(2026, 6, 11)
MONDAY_OPEN = datetime(2026, 6, 15, 13, 30, tzinfo=UTC)
FRIDAY_OPEN = datetime(2026, 6, 12, 13, 30, tzinfo=UTC)
FRIDAY_CLOSE = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)
ONE = Rate(
    FIRST,
    "test",
    credit=Decimal("0.036"),
    credit_from=Decimal(10_000),
    debit=Decimal("0.072"),
    borrow=Decimal("0.18"),
)
RATES = Rates("test", (ONE,))


def account(cash: str, positions: Mapping[str, int] | None = None, *, through: date | None = FRIDAY) -> AccountBook:
    standing = Standing(interest_through=through, borrow_through=through)
    return replace(holding(positions or {}, cash=cash), standing=standing)


def floor_with(book: AccountBook, *, rates: Rates = RATES) -> Floor:
    return Floor(book, rates=rates)


def booked(floor: Floor) -> list[BookReport]:
    return [r for change in floor.changes for r in change.reports if isinstance(r, BookReport)]


def cash_of(floor: Floor) -> Decimal:
    book = floor.exchange.account(ACCOUNT)
    assert book is not None
    return book.cash


@pytest.mark.parametrize(
    ("cash", "nights", "due"),
    [
        ("9999.99", 1, "0.00"),
        ("10000", 1, "0.00"),
        ("110000", 1, "10.00"),
        ("110000", 3, "30.00"),
        ("0", 3, "0.00"),
        ("-50000", 1, "-10.00"),
        ("-50000", 3, "-30.00"),
    ],
)
def test_interest_is_earned_beyond_what_is_free_and_charged_on_all_of_a_debit(cash: str, nights: int, due: str) -> None:
    assert interest(Decimal(cash), ONE, nights) == Decimal(due)


def test_a_borrow_fee_is_on_the_value_of_the_shares() -> None:
    assert borrow_fee(200, Decimal(300), ONE, 3) == Decimal("90.00")


def test_a_weekend_is_three_nights_and_is_booked_once_at_mondays_opening() -> None:
    floor = floor_with(account("110000"))

    assert floor.go(MONDAY_OPEN - timedelta(microseconds=1)) == []
    assert floor.go(MONDAY_OPEN) == ["INTEREST"]
    assert floor.go(MONDAY_OPEN + timedelta(seconds=1)) == []
    assert cash_of(floor) == Decimal("110030.00")
    [report] = booked(floor)
    assert (report.symbol, report.qty, report.cash, report.transact_at) == (CURRENCY, 0, Decimal("30.00"), MONDAY_OPEN)
    assert report.event_id == f"{ACCOUNT}:INTEREST:USD:20260615"


def test_an_account_that_was_never_looked_at_owes_nothing_of_the_past() -> None:
    floor = floor_with(account("-50000", through=None))

    assert floor.go(FRIDAY_OPEN) == []
    assert floor.go(MONDAY_OPEN) == ["INTEREST"]
    assert cash_of(floor) == Decimal("-50030.00")


def test_each_session_missed_while_away_is_booked_under_its_own_day_and_compounds() -> None:
    floor = floor_with(account("-5000000", through=date(2026, 6, 10)))

    floor.go(MONDAY_OPEN)

    assert [(r.event_id[-8:], r.cash) for r in booked(floor)] == [
        ("20260611", Decimal("-1000.00")),
        ("20260612", Decimal("-1000.20")),
        ("20260615", Decimal("-3001.20")),
    ]
    assert [r.transact_at.day for r in booked(floor)] == [11, 12, 15]


def test_short_shares_pay_for_being_borrowed_by_the_close_before() -> None:
    floor = floor_with(account("0", {"TSLA": -200}))
    floor.exchange.closes.learn("TSLA", FRIDAY, Decimal(300))

    assert floor.go(MONDAY_OPEN) == ["BORROW_FEE"]

    [report] = booked(floor)
    assert (report.kind, report.symbol, report.qty, report.cash) == (
        BookKind.BORROW_FEE,
        "TSLA",
        -200,
        Decimal("-90.00"),
    )
    assert floor.exchange.account(ACCOUNT) == replace(
        holding({"TSLA": -200}, cash="-90.00"),
        standing=Standing(interest_through=MONDAY_OPEN.date(), borrow_through=MONDAY_OPEN.date()),
    )


def test_a_borrow_fee_waits_for_its_close_and_interest_does_not() -> None:
    floor = floor_with(account("110000", {"TSLA": -200}))

    assert floor.go(MONDAY_OPEN) == ["INTEREST"]
    assert floor.exchange.awaiting_close(MONDAY_OPEN) == {("TSLA", FRIDAY)}
    assert floor.exchange.awaiting_close(MONDAY_OPEN + timedelta(seconds=59)) == set()
    assert floor.exchange.awaiting_close(MONDAY_OPEN + timedelta(seconds=60)) == {("TSLA", FRIDAY)}
    floor.exchange.closes.learn("TSLA", FRIDAY, Decimal(300))
    assert floor.go(MONDAY_OPEN + timedelta(minutes=2)) == ["BORROW_FEE"]
    assert floor.go(MONDAY_OPEN + timedelta(minutes=3)) == []


def test_long_shares_and_short_options_borrow_nothing() -> None:
    floor = floor_with(account("0", {"TSLA": 100, PUT: -1}, through=THURSDAY))

    assert floor.go(FRIDAY_OPEN) == []
    assert floor.exchange.awaiting_close(FRIDAY_OPEN) == set()


def test_interest_waits_for_what_a_delivery_before_it_makes_of_the_cash() -> None:
    floor = floor_with(account("0", {PUT: -2}))

    assert floor.go(MONDAY_OPEN) == []
    floor.exchange.closes.learn("TSLA", FRIDAY, Decimal(200))
    assert floor.go(MONDAY_OPEN + timedelta(seconds=1)) == ["ASSIGNMENT"]
    assert floor.go(MONDAY_OPEN + timedelta(seconds=2)) == []  # Friday's delivery is paid for on Monday
    assert floor.go(MONDAY_OPEN + timedelta(days=1)) == ["INTEREST"]
    assert cash_of(floor) == Decimal("-50010.00")


def test_interest_is_on_settled_cash() -> None:
    book = account("0", {"TSLA": 10})
    floor = floor_with(replace(book, settlement=Settlement(FRIDAY, Decimal(-100_000))))

    assert floor.go(MONDAY_OPEN) == ["INTEREST"]  # the purchase of Friday is paid for on Monday
    assert cash_of(floor) == Decimal("27.00")


def test_where_nothing_is_charged_nothing_is_kept() -> None:
    floor = floor_with(account("-50000"), rates=FREE)

    floor.go(MONDAY_OPEN)

    assert floor.changes == []


def test_rates_go_by_their_day() -> None:
    before, after = row_on(POLICY.rows, date(2022, 3, 16)), row_on(POLICY.rows, date(2022, 3, 17))

    assert (before.credit, before.debit) == (Decimal(0), Decimal("0.0158"))
    assert (after.credit, after.debit) == (Decimal(0), Decimal("0.0183"))
    assert row_on(POLICY.rows, date(2024, 1, 2)).credit == Decimal("0.0483")


def test_a_connection_names_its_rates() -> None:
    assert PaperSettings.read({"rates": "policy"}).rates is POLICY
    with pytest.raises(BadPaperSettingsError, match="rates are one of none, flat, policy, was 'free'"):
        PaperSettings.read({"rates": "free"})


@pytest.mark.django_db
def test_a_restart_books_no_night_twice_and_two_sessions_cannot_both() -> None:
    paper = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    standing = Standing(interest_through=FRIDAY, borrow_through=FRIDAY).as_dict()
    PaperAccount.objects.create(number=ACCOUNT, cash=Decimal(110_000), standing=standing)
    Account.objects.create(
        code="gen", name="Gen", tier="gen", connection=paper, broker_account=ACCOUNT, baseline=Decimal(0)
    )
    store = DatabaseStore("paper")
    terms = replace(TERMS, rates=RATES)
    moment = Moment(MONDAY_OPEN, MONDAY_OPEN, {})
    first, other = Exchange(store.load(), terms), Exchange(store.load(), terms)

    store.write(first.advance(moment))
    with pytest.raises(StaleWriterError):
        store.write(other.advance(moment))
    again = Exchange(store.load(), terms).advance(moment)

    assert again == []
    assert PaperAccount.objects.get().cash == Decimal("110030.00")
    [booking] = store.history(MONDAY_OPEN).bookings
    assert (booking.kind, booking.carried and booking.carried.cash) == (BookKind.INTEREST, Decimal("30.00"))
