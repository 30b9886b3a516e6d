"""A broker's own clock beside a simulated market: what it says is booked at the market's time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.clock import ExchangeClock
from allcore.kernel.reports import BookKind, BookReport, ExecutionReport, MassStatus, OrderReport, ReportKind
from brokers.paper.session import CAPABILITIES
from tests.builders import market
from trading.gateway import exchange_time

BROKERS = replace(CAPABILITIES, tells_exchange_time=False)
SYSTEM = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TRADED = SYSTEM + timedelta(seconds=90)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_market_left() -> Iterator[None]:
    market.clear()
    yield
    market.clear()


def fill(kind: ReportKind = ReportKind.FILL, at: datetime = TRADED) -> ExecutionReport:
    return ExecutionReport(kind=kind, connection="ibkr", account="DU1", cl_ord_id="C1", transact_at=at)


def expiry() -> BookReport:
    zero = Decimal(0)
    return BookReport(BookKind.EXPIRY, "ibkr", "DU1", "E1", "TSLA  260612P00245000", -1, zero, TRADED)


def test_it_is_told_at_the_simulated_markets_time() -> None:
    market.write_clock(system=SYSTEM)

    told = exchange_time.of_reports([fill(), expiry()], BROKERS)

    at = market.START + timedelta(seconds=90)
    assert told == [replace(fill(), transact_at=at), replace(expiry(), transact_at=at)]


def test_a_market_that_runs_faster_is_followed() -> None:
    market.write_clock(system=SYSTEM, speed=10.0)

    (told,) = exchange_time.of_reports([fill()], BROKERS)

    assert told.transact_at == market.START + timedelta(seconds=900)


def test_a_whole_answer_is_told_so_too() -> None:
    market.write_clock(system=SYSTEM)
    theirs = OrderReport("DU1", "C1", "7", "FILLED", 1, 1, fills=(fill(),), taken_back=(fill(ReportKind.BUST),))
    status = MassStatus("ibkr", SYSTEM, (theirs,), (), (), bookings=(expiry(),))

    told = exchange_time.of_status(status, BROKERS)

    (order,) = told.orders
    times = [report.transact_at for report in (*order.fills, *order.taken_back)]
    times += [booking.transact_at for booking in told.bookings]
    assert times == [market.START + timedelta(seconds=90)] * 3
    assert told.taken_at == SYSTEM  # when it was asked stays the desk's own time


def test_in_live_trading_nothing_changes() -> None:
    market.write_clock(SYSTEM, system=SYSTEM)

    assert exchange_time.of_reports([fill()], BROKERS) == [fill()]


def test_before_any_feed_has_run_nothing_changes() -> None:
    assert exchange_time.of_reports([fill()], BROKERS) == [fill()]


def test_the_paper_broker_stands_on_the_markets_clock_already() -> None:
    market.write_clock(system=SYSTEM)

    assert exchange_time.of_reports([fill()], CAPABILITIES) == [fill()]


@pytest.mark.parametrize(
    ("clock", "is_system"),
    [
        (ExchangeClock(SYSTEM, SYSTEM), True),
        (ExchangeClock(SYSTEM, TRADED), False),
        (ExchangeClock(SYSTEM, SYSTEM, 2.0), False),
        (ExchangeClock(SYSTEM, SYSTEM, 1.0, TRADED), False),
    ],
)
def test_a_clock_is_the_systems_only_if_it_always_shows_its_time(clock: ExchangeClock, is_system: bool) -> None:
    assert clock.is_system is is_system
