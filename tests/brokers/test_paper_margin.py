"""Margin calls at the paper broker, and what becomes of who does not meet one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.instruments import OptionContract, Right
from brokers.models import Account, Connection, PaperAccount, PaperOrder
from brokers.paper.actions import Call, Standing
from brokers.paper.books import AccountBook
from brokers.paper.exchange import Exchange
from brokers.paper.maintenance import Sale, excess, sales
from brokers.paper.moment import Moment
from brokers.paper.settings import PaperSettings
from brokers.services.paper_store import DatabaseStore
from tests.brokers.floors import TERMS, Floor
from tests.builders.paper import ACCOUNT, LOW_PUT, PUT, holding, sell

WEDNESDAY, THURSDAY, FRIDAY, MONDAY = date(2026, 6, 10), date(2026, 6, 11), date(2026, 6, 12), date(2026, 6, 15)
LATE_CALL = OptionContract("TSLA", date(2026, 7, 17), Right.CALL, Decimal(300)).symbol


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


def left(cash: str, positions: dict[str, int], **prices: str) -> Decimal | None:
    known = {symbol: Decimal(price) for symbol, price in prices.items()}
    return excess(holding(positions, cash=cash), known.get)


def floor_with(cash: str, positions: dict[str, int], *, standing: Standing | None = None) -> Floor:
    return Floor(
        replace(holding(positions, cash=cash), standing=standing or Standing()),
        has_margin_calls=True,
    )


def book_of(floor: Floor) -> AccountBook:
    book = floor.exchange.account(ACCOUNT)
    assert book is not None
    return book


@pytest.mark.parametrize(
    ("cash", "positions", "price", "expected"),
    [
        ("-22500", {"TSLA": 100}, "300", "0"),  # a quarter of 30,000 is kept
        ("-22500.01", {"TSLA": 100}, "300", "-0.01"),
        ("39000", {"TSLA": -100}, "300", "0"),  # the value and 30 % of it
        ("1500", {"TSLA": -100}, "10", "0"),  # 5 dollars a share is more than 30 %
        ("1000", {"TSLA": -100}, "5", "0"),  # at 5 dollars the least is 5
        ("980", {"TSLA": -100}, "4.90", "0"),  # below it all of the price
        ("350", {"TSLA": -100}, "1", "0"),  # or 2.50
        ("25000", {PUT: -1}, "300", "0"),  # behind a short put its strike
        ("1000", {PUT: -1, LOW_PUT: 1}, "300", "0"),  # behind a spread its width
        ("0", {PUT: 5}, "300", "0"),  # a long option lends nothing
    ],
)
def test_an_account_keeps_its_maintenance(cash: str, positions: dict[str, int], price: str, expected: str) -> None:
    assert left(cash, positions, TSLA=price) == Decimal(expected)


def test_without_a_price_nothing_is_known() -> None:
    assert left("0", {"TSLA": 1}) is None


def test_just_enough_is_sold_the_most_valuable_position_first() -> None:
    book = holding({"TSLA": 100, "AAPL": 100}, cash="-40000")
    prices = {"TSLA": Decimal(300), "AAPL": Decimal(200)}

    assert sales(book, Decimal(75), prices.get) == (Sale("TSLA", -1),)
    assert sales(book, Decimal("75.01"), prices.get) == (Sale("TSLA", -2),)
    assert sales(book, Decimal(7_550), prices.get) == (Sale("TSLA", -100), Sale("AAPL", -1))


def test_short_shares_are_bought_back_and_shares_under_calls_stay() -> None:
    price = {"TSLA": Decimal(300)}.get

    assert sales(holding({"TSLA": -100}), Decimal(90), price) == (Sale("TSLA", 1),)
    assert sales(holding({"TSLA": 150, LATE_CALL: -1}), Decimal(99_999), price) == (Sale("TSLA", -50),)
    assert sales(holding({"TSLA": 100, LATE_CALL: -1}), Decimal(99_999), price) == ()


def test_a_call_is_made_by_the_close_and_stands_to_the_second_opening() -> None:
    floor = floor_with("-23000", {"TSLA": 100})
    floor.exchange.closes.learn("TSLA", WEDNESDAY, Decimal(300))

    floor.go(at(WEDNESDAY, 20, 0, 4))
    before = book_of(floor).standing.call
    floor.go(at(WEDNESDAY, 20, 0, 5))

    assert before is None
    assert book_of(floor).standing.call == Call(Decimal("500.00"), FRIDAY)
    assert floor.exchange.margin.alerts() == [f"Margin call on {ACCOUNT}: 500.00 dollars by the opening of 12 Jun."]
    said = len(floor.changes)
    floor.go(at(WEDNESDAY, 20, 0, 6))
    assert len(floor.changes) == said


def test_a_call_waits_for_the_close_of_what_is_held() -> None:
    floor = floor_with("-23000", {"TSLA": 100})

    floor.go(at(WEDNESDAY, 20, 0, 5))

    assert book_of(floor).standing.call is None
    assert floor.exchange.awaiting_close(at(WEDNESDAY, 20, 0, 5)) == {("TSLA", WEDNESDAY)}
    assert floor.exchange.awaiting_close(at(WEDNESDAY, 22)) == set()


def test_a_call_that_the_next_close_finds_met_is_gone() -> None:
    floor = floor_with("-23000", {"TSLA": 100}, standing=Standing(call=Call(Decimal(500), FRIDAY)))
    floor.exchange.closes.learn("TSLA", THURSDAY, Decimal(320))

    floor.go(at(THURSDAY, 20, 0, 5))

    assert book_of(floor).standing.call is None
    assert floor.exchange.margin.alerts() == []


def test_who_has_not_met_a_call_is_sold_out_at_the_opening_of_its_day() -> None:
    floor = floor_with("-23000", {"TSLA": 100}, standing=Standing(call=Call(Decimal(500), FRIDAY)))
    floor.send("C1", sell("TSLA", "400.00", qty=100), at=at(THURSDAY, 15))
    floor.show("TSLA", "299.95", "300.05", at=at(THURSDAY, 15), size=500)
    assert floor.go(at(THURSDAY, 15)) == ["ACK"]
    floor.changes.clear()
    floor.show("TSLA", "299.00", "299.10", at=at(FRIDAY, 13, 30), size=500)

    said = floor.go(at(FRIDAY, 13, 30))

    assert said == ["EXPIRE", "FILL"]  # the holder's day order ended by itself
    [fill] = [fill for change in floor.changes for fill in change.fills]
    assert (fill.qty, fill.px, str(fill.side)) == (7, Decimal("299.00"), "SELL")  # 7 x 75 frees what is lacking
    assert fill.order_id.startswith("MC260612")
    assert floor.go(at(FRIDAY, 13, 31)) == []
    assert book_of(floor).qty("TSLA") == 93


def test_the_holders_orders_are_canceled_before_the_broker_sells() -> None:
    floor = floor_with("-23000", {"TSLA": 100}, standing=Standing(call=Call(Decimal(500), FRIDAY)))
    floor.exchange.closes.learn("TSLA", THURSDAY, Decimal(300))
    floor.send("C1", sell("TSLA", "400.00", qty=100), at=at(FRIDAY, 13, 0))
    floor.show("TSLA", "299.00", "299.10", at=at(FRIDAY, 13, 0), size=500)
    assert floor.go(at(FRIDAY, 13, 0)) == ["ACK"]
    floor.changes.clear()
    floor.show("TSLA", "299.00", "299.10", at=at(FRIDAY, 13, 30), size=500)

    assert floor.go(at(FRIDAY, 13, 30)) == ["UNSOLICITED_CANCEL", "FILL"]
    assert floor.orders["C1"].reason == "MARGIN_CALL"


def test_nothing_is_sold_before_the_day_nor_if_the_call_is_met_by_then() -> None:
    early = floor_with("-23000", {"TSLA": 100}, standing=Standing(call=Call(Decimal(500), FRIDAY)))
    early.exchange.closes.learn("TSLA", WEDNESDAY, Decimal(300))
    met = floor_with("-22500", {"TSLA": 100}, standing=Standing(call=Call(Decimal(500), FRIDAY)))
    met.exchange.closes.learn("TSLA", THURSDAY, Decimal(300))

    assert early.go(at(THURSDAY, 13, 30)) == []
    assert met.go(at(FRIDAY, 13, 30)) == []
    assert book_of(met).standing.call is None


def test_a_cash_secured_account_is_never_called() -> None:
    floor = floor_with("25000", {PUT: -1})

    floor.go(at(WEDNESDAY, 20, 0, 5))

    assert floor.changes == []


def test_calls_may_be_switched_off() -> None:
    assert PaperSettings.read({}).has_margin_calls
    assert not PaperSettings.read({"margin_calls": False}).has_margin_calls


@pytest.mark.django_db
def test_a_restart_sells_nothing_twice() -> None:
    paper = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    standing = Standing(call=Call(Decimal(500), FRIDAY))
    account = PaperAccount.objects.create(number=ACCOUNT, cash=Decimal(-23_000), standing=standing.as_dict())
    account.positions.create(symbol="TSLA", qty=100, avg_px=Decimal(1))
    Account.objects.create(
        code="gen", name="Gen", tier="gen", connection=paper, broker_account=ACCOUNT, baseline=Decimal(0)
    )
    store = DatabaseStore("paper")
    opening = at(FRIDAY, 13, 30)

    for after in (0, 1):
        exchange = Exchange(store.load(), replace(TERMS, has_margin_calls=True))
        exchange.closes.learn("TSLA", THURSDAY, Decimal(300))
        moment = opening + timedelta(seconds=after)
        store.write(exchange.advance(Moment(moment, moment, {})))

    order = PaperOrder.objects.get()
    assert (order.status, order.order_qty, order.reason) == ("WORKING", 7, "MARGIN_CALL")
    assert store.load().accounts[ACCOUNT].standing.enforced_on == FRIDAY
    assert store.load().accounts[ACCOUNT].standing.call == standing.call
