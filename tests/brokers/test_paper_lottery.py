"""Holders who exercise early or against the close, and short contracts drawn for it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.reports import BookReport
from brokers.paper.lottery import chance, drawn
from brokers.paper.model import OPTIMISTIC, QUOTES
from tests.brokers.floors import Floor
from tests.builders.paper import ACCOUNT, PUT, holding

LATE_PUT = OptionContract("TSLA", date(2026, 6, 19), Right.PUT, Decimal(250)).symbol
LATE_CALL = OptionContract("TSLA", date(2026, 6, 19), Right.CALL, Decimal(200)).symbol
INDEX_PUT = OptionContract("SPX", date(2026, 6, 19), Right.PUT, Decimal(6000)).symbol
CLOSED = datetime(2026, 6, 10, 20, 0, 5, tzinfo=UTC)
FRIDAY_CLOSED = datetime(2026, 6, 12, 20, 0, 5, tzinfo=UTC)
TODAY = date(2026, 6, 10)


def floor_with(positions: dict[str, int], *, seed: str = "s", assignment: float = 0.0, contrary: float = 0.0) -> Floor:
    model = replace(QUOTES, assignment=assignment, contrary=contrary)
    return Floor(holding(positions, cash="9999999"), model=model, seed=seed)


def booked(floor: Floor) -> list[tuple[str, str, int, int]]:
    reports = [r for change in floor.changes for r in change.reports if isinstance(r, BookReport)]
    return [(str(r.kind), r.symbol, r.qty, r.shares) for r in reports]


@pytest.mark.parametrize(("given_up", "expected"), [("-1", 0.3), ("0", 0.3), ("0.10", 0.1104), ("1.00", 0.0000136)])
def test_the_chance_falls_with_what_is_given_up(given_up: str, expected: float) -> None:
    assert chance(0.3, Decimal(given_up)) == pytest.approx(expected, rel=0.01)


def test_contracts_are_drawn_one_by_one_and_the_same_each_time() -> None:
    assert 450 <= drawn("s", ("a",), 1_000, 0.5) <= 550
    assert drawn("s", ("a",), 1_000, 0.5) == drawn("s", ("a",), 1_000, 0.5)
    assert (drawn("s", ("a",), 5, 0.0), drawn("s", ("a",), 5, 1.1)) == (0, 5)


def test_short_contracts_in_the_money_are_assigned_in_part_and_once_an_evening() -> None:
    floor = floor_with({LATE_PUT: -100, LATE_CALL: -100}, assignment=0.5)
    floor.exchange.closes.learn("TSLA", TODAY, Decimal(240))
    floor.show(LATE_PUT, "9.99", "10.01", at=CLOSED - timedelta(seconds=30))
    floor.show(LATE_CALL, "48.00", "49.00", at=CLOSED - timedelta(seconds=30))

    floor.go(CLOSED)
    floor.go(CLOSED + timedelta(seconds=1))

    [(kind, symbol, qty, shares)] = booked(floor)  # the call's time value of 8.50 is not given away
    assert (kind, symbol, shares) == ("ASSIGNMENT", LATE_PUT, -100 * qty)
    assert 30 <= -qty <= 70
    book = floor.exchange.account(ACCOUNT)
    assert book is not None
    assert book.qty(LATE_PUT) == -100 - qty
    [booking] = [b for change in floor.changes for b in change.bookings]
    assert booking.event_id.endswith(":20260610:DRAWN")


@pytest.mark.parametrize(
    ("symbol", "qty", "close"),
    [
        (LATE_PUT, -5, "250"),  # at the money
        (LATE_PUT, 5, "240"),  # long
        (PUT.replace("260612", "260610"), -5, "240"),  # ends tonight
        (INDEX_PUT, -5, "5900"),  # European
    ],
)
def test_nobody_else_is_assigned_early(symbol: str, qty: int, close: str) -> None:
    floor = floor_with({symbol: qty}, assignment=2.0)
    for name in ("TSLA", "SPX"):
        floor.exchange.closes.learn(name, TODAY, Decimal(close))
    floor.show(symbol, "0.01", "0.02", at=CLOSED - timedelta(seconds=30))

    floor.go(CLOSED)

    assert [one for one in booked(floor) if one[0] == "ASSIGNMENT" and "260619" in one[1]] == []


def test_without_a_quote_of_the_day_nobody_is_drawn() -> None:
    floor = floor_with({LATE_PUT: -5}, assignment=2.0)
    floor.exchange.closes.learn("TSLA", TODAY, Decimal(240))

    assert floor.go(CLOSED) == []
    assert floor.exchange.wanted(CLOSED, ()) >= {LATE_PUT}
    floor.show(LATE_PUT, "9.99", "10.01", at=CLOSED - timedelta(seconds=30))
    assert floor.go(CLOSED + timedelta(seconds=1)) == ["ASSIGNMENT"]


@pytest.mark.parametrize(
    ("close", "plain", "other"), [("249.99", "ASSIGNMENT", "EXPIRY"), ("250.00", "EXPIRY", "ASSIGNMENT")]
)
def test_at_the_strike_some_holders_do_other_than_the_close_says(close: str, plain: str, other: str) -> None:
    floor = floor_with({PUT: -100}, contrary=0.3)
    floor.exchange.closes.learn("TSLA", FRIDAY_CLOSED.date(), Decimal(close))

    floor.go(FRIDAY_CLOSED)

    by_kind = {kind: (qty, shares) for kind, _, qty, shares in booked(floor)}
    assert by_kind[plain][0] + by_kind[other][0] == -100
    assert -45 <= by_kind[other][0] <= -15
    assert by_kind["ASSIGNMENT"][1] == -100 * by_kind["ASSIGNMENT"][0]
    assert by_kind["EXPIRY"][1] == 0


def test_far_from_the_strike_and_of_long_contracts_the_close_decides() -> None:
    short = floor_with({PUT: -100}, contrary=0.3)
    long = floor_with({PUT: 100}, contrary=0.3)
    for floor, close in ((short, "245"), (long, "249.99")):
        floor.exchange.closes.learn("TSLA", FRIDAY_CLOSED.date(), Decimal(close))
        floor.go(FRIDAY_CLOSED)

    assert booked(short) == [("ASSIGNMENT", PUT, -100, 10_000)]
    assert booked(long) == [("EXERCISE", PUT, 100, -10_000)]


def test_the_optimistic_market_assigns_by_rules_alone() -> None:
    assert (OPTIMISTIC.assignment, OPTIMISTIC.contrary) == (0.0, 0.0)
