"""Executions that a broker corrected while the desk was away: booked once, as they are now."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.road.desks import Road
from trading.models import CashBalance, Execution, Order, Position

pytestmark = [pytest.mark.road, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("road")]


@pytest.fixture
def road(transactional_db: None) -> Iterator[Road]:
    opened = Road.opened("ibkr-sim")
    yield opened
    opened.close()


def correct(road: Road, px: str) -> None:
    road.loop.do(lambda: road.exchange.correct(road.exchange.executions[0].exec_id, px=px))


def are_booked_as_corrected(road: Road, order: Order, px: str) -> bool:
    """Return whether one execution stands, at the price, and position and cash are the broker's."""
    live = Execution.objects.filter(order=order, status=Execution.Status.LIVE).values_list("qty", "px")
    number = order.account.broker_account
    account = road.loop.do(lambda: road.exchange.accounts[number])
    cash = CashBalance.objects.get(account=order.account).cash
    held = Position.objects.get(account=order.account, instrument__symbol=order.underlying).qty
    return list(live) == [(10, Decimal(px))] and held == 10 and abs(cash - account.cash) < Decimal("0.01")


def test_one_that_was_booked_before_is_corrected_and_not_booked_again(road: Road) -> None:
    road.show()
    order = road.until_status(road.place(), "FILLED", 10)
    road.leave()
    correct(road, "199.90")

    road.connect()

    road.until(lambda: are_booked_as_corrected(road, order, "199.90"), "the correction is booked")
    assert order.cum_qty == 10


def test_one_that_was_not_booked_yet_is_booked_as_it_is_now(road: Road) -> None:
    order = road.working(limit="199.50")
    road.leave()
    road.show(bid="199.40", ask="199.50")
    correct(road, "199.30")

    road.connect()

    road.until(lambda: are_booked_as_corrected(road, order, "199.30"), "the correction is booked")
    road.until_status(order, "FILLED", 10)


def test_one_corrected_twice_is_booked_as_it_is_last(road: Road) -> None:
    road.show()
    order = road.until_status(road.place(), "FILLED", 10)
    road.leave()
    correct(road, "199.90")
    road.connect()
    road.until(lambda: are_booked_as_corrected(road, order, "199.90"), "the first correction is booked")

    correct(road, "199.80")

    road.until(lambda: are_booked_as_corrected(road, order, "199.80"), "the second correction is booked")
