"""The whole road at each test server: ticket or card, approval, claim, wire, fill, books, and what goes wrong."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from pytest_django.fixtures import Settings

from allcore import redaction
from allcore.embedded.brokers import SIMS
from allcore.kernel.clock import utc_now
from allcore.vault import services as vault
from brokers.ports import ReplaceKind
from brokers.registry import BROKERS
from tests.brokers.servers.book import Status
from tests.brokers.servers.faults import Lapse
from tests.builders import market
from tests.road.desks import KEY, Road
from trading.models import Execution, Order
from trading.services import submit
from trading.services.submit import NewTerms

pytestmark = [pytest.mark.road, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("road")]


@pytest.fixture(params=sorted(SIMS))
def road(request: pytest.FixtureRequest, transactional_db: None, settings: Settings) -> Iterator[Road]:
    settings.VAULT_KEYS = KEY
    vault.master_keys.cache_clear()
    opened = Road.opened(request.param)
    yield opened
    opened.close()
    vault.master_keys.cache_clear()
    redaction.forget_all()


def days_of(order: Order) -> set[date]:
    return set(Execution.objects.filter(order=order).values_list("trade_date", flat=True))


def test_an_approved_card_is_sent_once_fills_in_parts_and_is_booked_as_the_broker_has_it(road: Road) -> None:
    road.show(size=4)
    order = road.approve(road.propose(quantity=10))

    road.until_status(order, "PARTIALLY_FILLED", 4)
    road.show(ask="200.06", size=10)
    road.until_status(order, "FILLED", 10)

    road.until(road.agree, "both books agree")
    assert [theirs.cum for theirs in road.theirs()] == [10]
    assert order.avg_px == Decimal("200.044")  # four at 200.02, six at 200.06
    assert "IN_DOUBT" not in road.story(order)
    assert days_of(order) == {market.START.date()}  # the market's, whatever day the broker's own clock has


def test_a_cancelled_order_is_cancelled_there_and_leaves_nothing_behind(road: Road) -> None:
    order = road.working()

    submit.cancel(order_id=order.pk, actor=road.actor("trader"), now=utc_now())

    road.until_status(order, "CANCELED")
    assert [theirs.status for theirs in road.theirs()] == [Status.CANCELED]
    road.until(road.agree, "both books agree")


def test_a_replaced_order_never_trades_more_than_was_wanted(road: Road) -> None:
    order = road.working(quantity=10, limit="199.50")
    road.show(bid="199.40", ask="199.50", size=4)
    road.until_status(order, "PARTIALLY_FILLED", 4)

    submit.replace(
        order_id=order.pk, terms=NewTerms(limit_price=Decimal("199.60")), actor=road.actor("trader"), now=utc_now()
    )
    road.until(lambda: road.theirs()[-1].terms.limit == Decimal("199.60"), "the new terms are at the broker")
    road.show(bid="199.40", ask="199.60", size=100)

    road.until_status(order, "FILLED", 10)
    road.until(road.agree, "both books agree")
    is_new = BROKERS[road.sim.broker].capabilities.replace is ReplaceKind.CANCEL_NEW
    assert [theirs.cum for theirs in road.theirs()] == ([4, 6] if is_new else [10])
    assert sum(theirs.leaves for theirs in road.theirs()) == 0


def test_an_order_whose_answer_never_came_is_found_by_asking_and_is_not_sent_again(road: Road) -> None:
    road.loop.do(lambda: road.server.faults.lapses.append(Lapse.SILENT))

    order = road.place()
    road.until(lambda: len(road.theirs()) == 1, "the order is booked there")
    road.show()

    road.until_status(order, "FILLED", 10)
    road.until(road.agree, "both books agree")
    assert [theirs.cum for theirs in road.theirs()] == [10]
    assert order.requests.count() == 1


def test_a_line_cut_after_the_booking_leaves_one_order_that_is_found_again(road: Road) -> None:
    road.loop.do(lambda: road.server.faults.lapses.append(Lapse.DROP))

    order = road.place()
    road.until(lambda: len(road.theirs()) == 1, "the order is booked there")
    road.show()

    road.until_status(order, "FILLED", 10)
    road.until(road.agree, "both books agree")
    assert [theirs.cum for theirs in road.theirs()] == [10]


def test_fills_that_came_while_the_desk_was_away_are_booked_when_it_is_back(road: Road) -> None:
    order = road.working(limit="199.50")
    road.leave()
    road.show(bid="199.40", ask="199.50", size=4)
    road.show(bid="199.40", ask="199.45", size=6)

    road.connect()

    road.until_status(order, "FILLED", 10)
    road.until(road.agree, "both books agree")
    tells_totals_alone = road.sim.broker == "etrade"
    assert Execution.objects.filter(order=order).count() == (1 if tells_totals_alone else 2)
    assert order.avg_px == Decimal("199.47")
    assert days_of(order) == {market.START.date()}


def test_fills_that_came_while_the_broker_could_not_be_reached_are_booked(road: Road) -> None:
    order = road.working(limit="199.50")
    road.loop.run(road.server.port.close())  # type: ignore[attr-defined]  # every server has one
    road.show(bid="199.40", ask="199.50", size=10)

    road.loop.run(road.server.port.open())  # type: ignore[attr-defined]  # as above

    road.until_status(order, "FILLED", 10)
    road.until(road.agree, "both books agree")
