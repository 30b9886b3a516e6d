"""The order of things at the paper exchange: who comes first, what lapses, what waits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import PriceEffect, Side, TimeInForce
from allcore.kernel.reports import BookReport, ExecutionReport, ReportKind
from allcore.kernel.tickets import OrderTicket
from tests.brokers.floors import CLOSE_AT, Floor, after
from tests.builders.paper import ACCOUNT, LOW_PUT, OPEN_AT, PUT, buy, holding, leg, sell, ticket


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.show(PUT, "4.10", "4.20", at=OPEN_AT)
    return floor


def test_nothing_happens_to_an_order_before_it_arrives(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.20"), at=after(milliseconds=80))

    assert floor.go(after(milliseconds=79)) == []
    assert floor.exchange.due_at() == after(milliseconds=80)
    assert floor.go(after(milliseconds=80)) == ["ACK", "FILL"]


def test_a_fill_on_a_quote_before_the_cancel_arrives_wins(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.00"))
    floor.go(OPEN_AT)
    floor.cancel("C2", "C1", at=after(milliseconds=100))
    floor.show(PUT, "3.90", "4.00", at=after(milliseconds=99))

    said = floor.go(after(milliseconds=101), PUT)

    assert said == ["FILL", "CANCEL_REJECT"]
    assert floor.changes[-1].requests[0].reason == "TOO_LATE"


def test_a_cancel_that_arrives_before_the_quote_wins(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.00"))
    floor.go(OPEN_AT)
    floor.cancel("C2", "C1", at=after(milliseconds=100))
    floor.show(PUT, "3.90", "4.00", at=after(milliseconds=101))

    assert floor.go(after(milliseconds=102), PUT) == ["CANCEL_ACK"]


def test_a_cancel_does_not_overtake_its_order(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.00"), at=after(milliseconds=200))
    floor.cancel("C2", "C1", at=after(milliseconds=50))

    assert floor.go(after(milliseconds=100)) == []
    assert floor.go(after(milliseconds=200)) == ["ACK", "CANCEL_ACK"]


def test_of_two_orders_the_first_to_arrive_takes_the_size(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.20", qty=6), at=after(milliseconds=20))
    floor.send("C2", buy(PUT, "4.20", qty=6), at=after(milliseconds=10))

    floor.go(after(milliseconds=30))

    assert (floor.orders["C2"].cum_qty, floor.orders["C1"].cum_qty) == (6, 4)


def test_trades_of_one_look_at_the_market_are_told_apart_by_their_times(floor: Floor) -> None:
    for name, order in (("C9", buy(PUT, "4.20", qty=3)), ("C1", sell(PUT, "4.10", qty=2)), ("C5", buy(PUT, "4.20"))):
        floor.send(name, order)

    floor.go(OPEN_AT)
    floor.send("C2", buy(PUT, "4.20"), at=after(milliseconds=1))
    floor.go(after(milliseconds=1))

    fills = [fill for change in floor.changes for fill in change.fills]
    times = [fill.transact_at for fill in fills]
    assert [fill.order_id for fill in fills] == ["C9", "C1", "C5", "C2"]
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == (OPEN_AT, after(milliseconds=1))


def test_a_clock_that_is_set_back_is_believed(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.20", qty=1))
    floor.send("C2", buy(PUT, "4.20", qty=1), at=after(seconds=5))
    floor.go(after(seconds=5))
    floor.show(PUT, "4.10", "4.20", at=OPEN_AT)
    floor.send("C3", buy(PUT, "4.20", qty=1))

    floor.go(OPEN_AT)

    assert floor.changes[-1].fills[0].transact_at == OPEN_AT


def test_what_cannot_be_had_at_once_of_an_immediate_order_lapses(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.20", qty=15, tif=TimeInForce.IOC))

    assert floor.go(OPEN_AT) == ["ACK", "FILL", "EXPIRE"]
    assert (floor.orders["C1"].cum_qty, floor.orders["C1"].reason) == (10, "IOC_REMAINDER")


def test_a_day_order_lapses_at_the_close_and_not_before(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.00"))
    floor.go(OPEN_AT)

    assert floor.go(CLOSE_AT - timedelta(microseconds=1)) == []
    assert floor.go(CLOSE_AT) == ["EXPIRE"]


def test_a_day_order_that_arrives_after_the_close_is_for_the_next_day(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.00"), at=CLOSE_AT)

    assert floor.go(CLOSE_AT) == ["ACK"]
    assert floor.orders["C1"].expires_at == CLOSE_AT + timedelta(days=1)


def test_an_order_good_till_canceled_ends_with_its_contract(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.00", tif=TimeInForce.GTC))
    floor.go(OPEN_AT)

    assert floor.go(CLOSE_AT) == []
    assert floor.orders["C1"].expires_at == datetime(2026, 6, 12, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize("tif", [TimeInForce.DAY, TimeInForce.GTC])
def test_a_market_order_outside_the_session_is_rejected(floor: Floor, tif: TimeInForce) -> None:
    floor.send("C1", sell(PUT, tif=tif), at=CLOSE_AT)

    assert floor.go(CLOSE_AT) == ["REJECT"]
    assert floor.orders["C1"].reason == "MARKET_CLOSED"


def test_a_resting_order_waits_over_the_night_for_a_quote_of_the_new_day(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.20", tif=TimeInForce.GTC), at=CLOSE_AT)
    floor.go(CLOSE_AT)
    morning = datetime(2026, 6, 11, 13, 30, tzinfo=UTC)
    floor.quotes[PUT] = replace(floor.quotes[PUT], received_at=morning)

    assert floor.go(morning) == []
    assert floor.go(morning) == []

    floor.show(PUT, "4.10", "4.20", at=morning)
    assert floor.go(morning, PUT) == ["FILL"]


def test_without_quotes_orders_wait_at_the_door_and_time_goes_on(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.00"))
    floor.go(OPEN_AT)
    floor.send("C2", buy(PUT, "4.00"), at=CLOSE_AT)

    assert floor.go(CLOSE_AT, is_blind=True) == ["EXPIRE"]
    assert floor.go(CLOSE_AT) == ["ACK"]


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (buy("TSLA  260612P00251000", "1.00"), "UNKNOWN_SYMBOL"),
        (buy("TSLA  260605P00250000", "1.00"), "EXPIRED_CONTRACT"),
        (buy("VIX   260617P00020000", "1.00"), "UNSUPPORTED_CONTRACT"),
        (buy(PUT, "4.03"), "OFF_TICK"),
        (buy(PUT, stop="4.03"), "OFF_TICK"),
        (buy(PUT, "0.01", qty=10_001), "QUANTITY_TOO_LARGE"),
        (buy(PUT, "4.20", qty=300), "INSUFFICIENT_CASH"),
        (sell("TSLA", "250.00"), "INSUFFICIENT_SHARES"),
        (replace(buy(PUT, "4.20"), legs=(replace(buy(PUT).legs[0], multiplier=10),)), "BAD_MULTIPLIER"),
    ],
)
def test_an_order_is_rejected_by_rule_and_with_its_code(floor: Floor, order: OrderTicket, code: str) -> None:
    floor.show("TSLA", "249.99", "250.01", at=OPEN_AT)
    floor.send("C1", order)

    assert floor.go(OPEN_AT) == ["REJECT"]
    assert floor.orders["C1"].reason == code


def test_a_market_order_without_a_far_side_is_rejected(floor: Floor) -> None:
    floor.quotes[PUT] = replace(floor.quotes[PUT], ask=None)
    floor.send("C1", buy(PUT))

    assert floor.go(OPEN_AT) == ["REJECT"]
    assert floor.orders["C1"].reason == "NO_PRICE"


def test_a_stop_works_through_to_its_fill(floor: Floor) -> None:
    floor.send("C1", buy(PUT, stop="4.50"))
    floor.go(OPEN_AT)
    said = []
    for seconds, ask in ((1, "4.50"), (2, "4.55"), (3, "4.80")):
        floor.show(PUT, "4.40", ask, at=after(seconds=seconds))
        said += floor.go(after(seconds=seconds), PUT)

    assert said == ["FILL"]
    assert floor.changes[-1].fills[0].px == Decimal("4.80")


def test_a_stop_is_looked_at_again_though_its_quote_stands_still(floor: Floor) -> None:
    floor.send("C1", buy(PUT, stop="4.20"))
    floor.go(OPEN_AT)
    said = []
    for seconds in (1, 2):
        floor.quotes[PUT] = replace(floor.quotes[PUT], received_at=after(seconds=seconds))
        assert floor.exchange.due_at() is not None
        said += floor.go(after(seconds=seconds))

    assert said == ["FILL"]


def test_quotes_are_wanted_for_all_legs_of_orders_with_news(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.00"))
    floor.go(OPEN_AT)
    floor.go(OPEN_AT)
    floor.send("C2", buy(LOW_PUT, "1.00"), at=after(seconds=1))

    assert floor.exchange.wanted(after(milliseconds=500), {PUT}) == {PUT}
    assert floor.exchange.wanted(after(seconds=1), set()) == {LOW_PUT}
    assert floor.exchange.watched() == {PUT, LOW_PUT}


def test_all_that_is_watched_is_wanted_once_quotes_were_missed() -> None:
    floor = Floor(holding({PUT: -1}))
    at_the_start = floor.exchange.wanted(OPEN_AT, ())
    floor.go(OPEN_AT)
    floor.go(OPEN_AT)
    then = floor.exchange.wanted(OPEN_AT, ())

    floor.exchange.look_at_all(OPEN_AT)

    assert [at_the_start, then, floor.exchange.wanted(OPEN_AT, ())] == [{"TSLA"}, set(), {"TSLA"}]


FRIDAY_CLOSE = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)
SETTLED_AT = FRIDAY_CLOSE + timedelta(seconds=5)
COVERED = OptionContract("TSLA", date(2026, 6, 12), Right.CALL, Decimal(250)).symbol


def expire(positions: dict[str, int], close: str, *, quote_at: datetime = FRIDAY_CLOSE) -> Floor:
    floor = Floor(holding(positions))
    floor.show("TSLA", close, close, at=quote_at, last=close)
    floor.go(SETTLED_AT, "TSLA")
    return floor


def booked(floor: Floor) -> list[BookReport]:
    return [r for change in floor.changes for r in change.reports if isinstance(r, BookReport)]


@pytest.mark.parametrize(
    ("symbol", "qty", "close", "kind", "shares"),
    [
        (PUT, -2, "250.00", "EXPIRY", 0),
        (PUT, -2, "249.99", "ASSIGNMENT", 200),
        (PUT, 2, "249.99", "EXERCISE", -200),
        (COVERED, -1, "250.00", "EXPIRY", 0),
        (COVERED, -1, "250.01", "ASSIGNMENT", -100),
        (COVERED, 1, "250.01", "EXERCISE", 100),
    ],
)
def test_an_option_ends_by_the_close_of_its_last_day(symbol: str, qty: int, close: str, kind: str, shares: int) -> None:
    floor = expire({symbol: qty}, close)

    report = booked(floor)[0]
    assert (str(report.kind), report.qty, report.shares, report.px) == (kind, qty, shares, Decimal(0))
    account = floor.exchange.account(ACCOUNT)
    assert account is not None
    assert account.qty(symbol) == 0
    assert account.qty("TSLA") == shares
    assert account.cash == Decimal(100_000) - shares * Decimal(250)


def test_an_option_is_settled_once() -> None:
    floor = expire({PUT: -2}, "249.00")

    floor.go(SETTLED_AT + timedelta(seconds=1), "TSLA")

    assert len(booked(floor)) == 1


def test_nothing_is_settled_before_the_last_quote_can_be_in() -> None:
    floor = Floor(holding({PUT: -2}))
    floor.show("TSLA", "249.00", "249.00", at=FRIDAY_CLOSE, last="249.00")

    assert floor.go(SETTLED_AT - timedelta(microseconds=1), "TSLA") == []


def test_no_close_is_made_up_from_a_quote_of_another_day() -> None:
    floor = expire({PUT: -2}, "249.00", quote_at=datetime(2026, 6, 15, 13, 31, tzinfo=UTC))

    assert booked(floor) == []
    assert floor.exchange.awaiting_close(SETTLED_AT) == {("TSLA", date(2026, 6, 12))}


def test_a_quote_after_the_close_does_not_move_the_close() -> None:
    floor = Floor(holding({PUT: -2}))
    floor.show("TSLA", "251.00", "251.00", at=FRIDAY_CLOSE, last="251.00")
    floor.go(FRIDAY_CLOSE, "TSLA")
    floor.show("TSLA", "240.00", "240.00", at=FRIDAY_CLOSE + timedelta(seconds=1), last="240.00")

    floor.go(SETTLED_AT, "TSLA")

    assert booked(floor)[0].kind == "EXPIRY"


def test_a_clock_that_jumps_over_the_weekend_settles_by_fridays_close() -> None:
    floor = Floor(holding({PUT: -2}))
    floor.show("TSLA", "249.00", "249.00", at=FRIDAY_CLOSE - timedelta(seconds=1), last="249.00")
    floor.go(FRIDAY_CLOSE - timedelta(seconds=1), "TSLA")
    monday = datetime(2026, 6, 15, 13, 31, tzinfo=UTC)
    floor.show("TSLA", "260.00", "260.00", at=monday, last="260.00")

    floor.go(monday, "TSLA")

    assert booked(floor)[0].kind == "ASSIGNMENT"


def test_a_close_learnt_elsewhere_settles_what_waited() -> None:
    floor = Floor(holding({PUT: -2}))
    floor.exchange.closes.learn("TSLA", date(2026, 6, 12), Decimal("249.00"))

    assert floor.go(SETTLED_AT) == ["ASSIGNMENT"]


def test_a_report_of_a_fill_carries_the_quote_it_was_made_on(floor: Floor) -> None:
    floor.send("C1", buy(PUT, "4.20"))
    floor.go(OPEN_AT)

    report = floor.changes[-1].reports[0]

    assert isinstance(report, ExecutionReport)
    assert report.kind is ReportKind.FILL
    assert report.raw == {
        "quotes": {PUT: ["4.10", "4.20", 10, 10, OPEN_AT.isoformat()]},
        "profile": "quotes",
        "rule": "MARKETABLE",
    }


def test_a_combo_is_filled_whole_under_one_execution_id(floor: Floor) -> None:
    spread = ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY), limit="2.80", qty=3, effect=PriceEffect.CREDIT)
    floor.show(LOW_PUT, "1.20", "1.30", at=OPEN_AT, size=2)
    floor.send("C1", spread)

    said = floor.go(OPEN_AT)

    fills = floor.changes[-1].fills
    account = floor.exchange.account(ACCOUNT)
    assert said == ["ACK", "FILL"]
    assert [(f.exec_id, f.leg, f.symbol, f.qty, f.px) for f in fills] == [
        ("C1-1", 0, PUT, 2, Decimal("4.10")),
        ("C1-1", 1, LOW_PUT, 2, Decimal("1.30")),
    ]
    assert account is not None
    assert account.cash == Decimal(100_000) + 2 * 100 * Decimal("2.80") - 4 * Decimal("0.65")


def test_a_combo_waits_until_its_net_price_is_there(floor: Floor) -> None:
    spread = ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY), limit="2.90", effect=PriceEffect.CREDIT)
    floor.show(LOW_PUT, "1.20", "1.30", at=OPEN_AT)
    floor.send("C1", spread)
    said = floor.go(OPEN_AT)

    floor.show(LOW_PUT, "1.10", "1.20", at=after(seconds=1))
    said += floor.go(after(seconds=1), LOW_PUT)

    assert said == ["ACK", "FILL"]
