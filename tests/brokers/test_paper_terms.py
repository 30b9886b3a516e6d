"""The rarer terms at the paper exchange: good till a date, all or none, auctions, trailing stops."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from allcore.kernel.tickets import OrderTicket
from brokers.paper.records import RequestKind, RequestRecord
from brokers.paper.session import CAPABILITIES
from tests.brokers.floors import CLOSE_AT, Floor, after
from tests.builders.paper import ACCOUNT, OPEN_AT, PUT, buy, holding, sell

DAY_OPENS_AT = datetime(2026, 6, 10, 13, 30, tzinfo=UTC)


@pytest.fixture
def floor() -> Floor:
    floor = Floor(holding({"TSLA": 100}))
    floor.show(PUT, "4.10", "4.20", at=OPEN_AT)
    floor.show("TSLA", "249.99", "250.01", at=OPEN_AT, last="250.00")
    return floor


def until(end: datetime) -> OrderTicket:
    gtc = buy(PUT, "4.00", tif=TimeInForce.GTC)
    return replace(gtc, time_in_force=TimeInForce.GTD, expire_at=end)


def test_an_order_good_till_a_date_lapses_at_it_and_not_before(floor: Floor) -> None:
    end = OPEN_AT + timedelta(days=1)
    floor.send("C1", until(end))
    floor.go(OPEN_AT)

    assert floor.go(end - timedelta(microseconds=1)) == []
    assert floor.go(end) == ["EXPIRE"]
    assert floor.orders["C1"].reason == "DATE_ENDED"


def test_an_order_good_till_a_date_ends_with_its_contract(floor: Floor) -> None:
    floor.send("C1", until(OPEN_AT + timedelta(days=30)))
    floor.go(OPEN_AT)

    assert floor.orders["C1"].expires_at == datetime(2026, 6, 12, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(("late", "said"), [(0, "REJECT"), (1, "ACK")])
def test_a_date_that_has_passed_is_refused(floor: Floor, late: int, said: str) -> None:
    floor.send("C1", until(OPEN_AT + timedelta(microseconds=late)))

    assert floor.go(OPEN_AT)[0] == said


@pytest.mark.parametrize(("qty", "said"), [(10, ["ACK", "FILL"]), (11, ["ACK", "EXPIRE"])])
def test_an_order_for_all_or_none_takes_all_or_nothing(floor: Floor, qty: int, said: list[str]) -> None:
    floor.send("C1", buy(PUT, "4.20", qty=qty, tif=TimeInForce.FOK))

    assert floor.go(OPEN_AT) == said
    assert floor.orders["C1"].cum_qty == (10 if qty == 10 else 0)


@pytest.mark.parametrize("tif", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_order_for_at_once_needs_an_open_exchange(floor: Floor, tif: TimeInForce) -> None:
    floor.send("C1", buy(PUT, "4.20", tif=tif), at=CLOSE_AT)

    floor.go(CLOSE_AT)

    assert floor.orders["C1"].reason == "MARKET_CLOSED"


@pytest.mark.parametrize("tif", [TimeInForce.OPG, TimeInForce.CLS])
def test_options_have_no_auction(floor: Floor, tif: TimeInForce) -> None:
    floor.send("C1", buy(PUT, "4.20", tif=tif))

    floor.go(OPEN_AT)

    assert floor.orders["C1"].reason == "NO_AUCTION"


@pytest.mark.parametrize(
    ("tif", "at", "code"),
    [
        (TimeInForce.OPG, DAY_OPENS_AT - timedelta(minutes=2), ""),
        (TimeInForce.OPG, DAY_OPENS_AT - timedelta(minutes=2) + timedelta(microseconds=1), "AUCTION_CLOSED"),
        (TimeInForce.OPG, DAY_OPENS_AT, "AUCTION_CLOSED"),
        (TimeInForce.OPG, CLOSE_AT, ""),
        (TimeInForce.CLS, CLOSE_AT - timedelta(minutes=10), ""),
        (TimeInForce.CLS, CLOSE_AT - timedelta(minutes=10) + timedelta(microseconds=1), "AUCTION_CLOSED"),
        (TimeInForce.CLS, CLOSE_AT, ""),
        (TimeInForce.CLS, DAY_OPENS_AT - timedelta(hours=1), ""),
    ],
)
def test_an_auction_takes_orders_until_its_cut_off(floor: Floor, tif: TimeInForce, at: datetime, code: str) -> None:
    floor.send("C1", sell("TSLA", "250.00", qty=1, tif=tif), at=at)

    floor.go(at)

    assert floor.orders["C1"].reason == code


@pytest.mark.parametrize(
    ("limit", "last", "said"),
    [("250.40", "250.40", "FILL"), ("250.41", "250.40", "EXPIRE"), (None, "260.00", "FILL")],
)
def test_the_opening_trades_by_the_first_good_quote_of_the_session(
    floor: Floor, limit: str | None, last: str, said: str
) -> None:
    early = DAY_OPENS_AT - timedelta(minutes=5)
    floor.show("TSLA", "249.00", "249.02", at=early, last="249.00")
    floor.send("C1", sell("TSLA", limit, qty=100, tif=TimeInForce.OPG), at=early)
    assert floor.go(early) == ["ACK"]
    assert floor.go(DAY_OPENS_AT) == []

    floor.show("TSLA", "250.30", "250.50", at=DAY_OPENS_AT, last=last)

    assert floor.go(DAY_OPENS_AT, "TSLA") == [said]
    if said == "FILL":
        assert floor.changes[-1].fills[0].px == Decimal("250.40" if limit else "250.30")


def test_an_opening_without_a_price_lapses(floor: Floor) -> None:
    early = DAY_OPENS_AT - timedelta(minutes=5)
    floor.show("TSLA", "249.00", "249.02", at=early)
    floor.send("C1", sell("TSLA", qty=1, tif=TimeInForce.OPG), at=early)
    floor.go(early)

    assert floor.go(DAY_OPENS_AT + timedelta(minutes=5)) == ["EXPIRE"]
    assert floor.orders["C1"].reason == "AUCTION_UNFILLED"


@pytest.mark.parametrize(("limit", "said"), [("250.00", "FILL"), ("250.01", "EXPIRE"), (None, "FILL")])
def test_the_closing_auction_trades_at_the_close(floor: Floor, limit: str | None, said: str) -> None:
    floor.send("C1", sell("TSLA", limit, qty=1, tif=TimeInForce.CLS))
    floor.go(OPEN_AT)
    floor.show("TSLA", "249.90", "250.10", at=CLOSE_AT, last="250.00")

    assert floor.go(CLOSE_AT, "TSLA") == []
    assert floor.go(CLOSE_AT + timedelta(seconds=5)) == [said]
    if said == "FILL":
        assert floor.changes[-1].fills[0].px == Decimal("250.00")


def test_a_closing_price_is_asked_for_and_never_made_up() -> None:
    floor = Floor(holding({"TSLA": 100}))
    floor.show("TSLA", "249.99", "250.01", at=OPEN_AT - timedelta(days=1))
    floor.send("C1", sell("TSLA", "250.00", qty=1, tif=TimeInForce.CLS))
    floor.go(OPEN_AT)

    late = CLOSE_AT + timedelta(seconds=5)

    assert floor.go(late) == []
    assert floor.exchange.awaiting_close(late) == {("TSLA", OPEN_AT.date())}
    assert floor.go(CLOSE_AT + timedelta(minutes=5)) == ["EXPIRE"]


def trailing(amount: str = "0.50") -> OrderTicket:
    return replace(sell(PUT), ord_type=OrdType.TRAILING_STOP, trail_amount=Decimal(amount))


def test_a_trailing_stops_mark_is_written_each_time_it_moves(floor: Floor) -> None:
    floor.send("C1", trailing())
    floor.go(OPEN_AT)
    for second, bid, ask in ((1, "4.30", "4.40"), (2, "4.30", "4.40"), (3, "4.50", "4.60")):
        floor.show(PUT, bid, ask, at=after(seconds=second))
        floor.go(after(seconds=second), PUT)

    marks = [o.watch.mark for change in floor.changes for o in change.orders if o.watch.mark is not None]
    assert marks == [Decimal("4.10"), Decimal("4.30"), Decimal("4.50")]


def test_a_replace_with_a_ticket_changes_the_distance_and_keeps_the_mark(floor: Floor) -> None:
    floor.send("C1", trailing())
    floor.go(OPEN_AT)
    request = RequestRecord("C2", RequestKind.REPLACE, ACCOUNT, "C1", "C1", after(seconds=1), quantity=1)
    floor.exchange.take_request(replace(request, ticket=trailing("0.20")))

    assert floor.go(after(seconds=1)) == ["REPLACE_ACK"]
    order = floor.orders["C1"]
    assert (order.ticket.trail_amount, order.watch.mark) == (Decimal("0.20"), Decimal("4.10"))


def test_a_replace_may_not_turn_an_order_into_another(floor: Floor) -> None:
    floor.send("C1", trailing())
    floor.go(OPEN_AT)
    request = RequestRecord("C2", RequestKind.REPLACE, ACCOUNT, "C1", "C1", after(seconds=1), quantity=1)
    floor.exchange.take_request(replace(request, ticket=sell(PUT)))

    assert floor.go(after(seconds=1)) == ["REPLACE_REJECT"]


def test_a_stop_on_the_underlying_works_through_to_its_fill(floor: Floor) -> None:
    terms = replace(buy(PUT, stop="245.00"), trigger=TriggerPrice.UNDERLYING_LAST)
    floor.send("C1", terms)
    said = floor.go(OPEN_AT)
    floor.show("TSLA", "244.90", "245.10", at=after(seconds=1), last="245.00")
    said += floor.go(after(seconds=1), "TSLA")
    floor.show(PUT, "6.00", "6.20", at=after(seconds=2))
    said += floor.go(after(seconds=2), PUT)

    assert said == ["ACK", "FILL"]
    assert floor.changes[-1].fills[0].px == Decimal("6.20")


def test_the_broker_says_that_it_takes_every_type_and_time_in_force() -> None:
    assert CAPABILITIES.ord_types == frozenset(OrdType)
    assert CAPABILITIES.times_in_force == frozenset(TimeInForce)
