"""What Interactive Brokers watches and works by itself, from the ticket to the books."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from allcore.kernel.clock import utc_now
from tests.brokers.servers.book import Status
from tests.brokers.servers.faults import Lapse
from tests.brokers.servers.tws.messages import card_of
from tests.brokers.servers.tws.placing import Placing
from tests.road.desks import ACCOUNT, SYMBOL, Road
from trading.domain.contingent.conditions import InvalidConditionError
from trading.domain.contingent.kept import NotKeptError, NotWorkedError
from trading.domain.structures.analysis import Scenario
from trading.models import Hold, Order, OrderRequest
from trading.selectors import orders as orders_shown
from trading.selectors import preview
from trading.services import submit
from trading.services.contingent import revising
from trading.services.submit import NewTerms, NotReplaceableError

pytestmark = [pytest.mark.road, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("road")]

WHEN = {"what": "PRICE", "symbol": SYMBOL, "is": "<=", "value": "199.50"}
PATIENT = {"name": "Adaptive", "params": {"adaptivePriority": "Patient"}}


@pytest.fixture
def road(transactional_db: None) -> Iterator[Road]:
    opened = Road.opened("ibkr-sim")
    opened.show()
    yield opened
    opened.close()


def draft(**changes: object) -> dict[str, Any]:
    return {
        "account": ACCOUNT,
        "underlying": SYMBOL,
        "legs": [{"symbol": SYMBOL, "side": "BUY", "position_effect": "OPEN", "ratio": 1}],
        "quantity": 5,
        "ord_type": "LIMIT",
        "time_in_force": "DAY",
        "limit_price": Decimal("200.10"),
        **changes,
    }


def place(road: Road, **changes: object) -> Order:
    return submit.place(draft=draft(**changes), actor=road.actor("trader"), key="k", trace_id="t", now=utc_now())


def look(road: Road, **changes: object) -> dict[str, object]:
    return preview.preview(draft(**changes), road.actor("trader").user, Scenario(), now=utc_now())


def waiting(road: Road) -> Order:
    order = place(road, condition={"when": WHEN}, held_by="BROKER")
    return road.until_status(order, "NEW")


def sent(road: Road) -> Placing:
    return card_of(road.theirs()[0]).placing


def shown(road: Road, order: Order) -> dict[str, Any]:
    return orders_shown.detail(road.actor("trader").user, order.pk)["native"]  # type: ignore[return-value]  # a row


def test_a_condition_left_to_the_broker_is_watched_there_and_fills_there(road: Road) -> None:
    order = waiting(road)
    assert [theirs.status for theirs in road.theirs()] == [Status.HELD]
    assert [condition[0] for condition in sent(road).conditions] == ["1"]
    assert (sent(road)["conditionsIgnoreRth"], sent(road)["conditionsCancelOrder"]) == ("0", "0")
    assert not Hold.objects.exists()
    seen = shown(road, order)
    assert seen["held_by"] == "Interactive Brokers"
    assert "waits until AAPL's middle is at or below 199.50" in seen["says"]
    assert seen["condition"] == {"when": WHEN}

    road.show(bid="199.48", ask="199.52")

    road.until_status(order, "FILLED", 5)
    road.until(road.agree, "both books agree")


def test_a_worker_that_comes_back_knows_the_order_that_waits_at_the_broker(road: Road) -> None:
    order = waiting(road)
    road.leave()
    road.show(bid="199.48", ask="199.52")

    road.connect()

    road.until_status(order, "FILLED", 5)
    road.until(road.agree, "both books agree")
    assert OrderRequest.objects.count() == 1


@pytest.mark.parametrize("lapse", [Lapse.DROP, Lapse.SILENT])
def test_one_whose_answer_never_came_is_asked_about_and_not_sent_again(road: Road, lapse: Lapse) -> None:
    road.loop.do(lambda: road.server.faults.lapses.append(lapse))

    order = waiting(road)

    assert len(road.theirs()) == 1
    assert len(sent(road).conditions) == 1
    assert OrderRequest.objects.get(order=order).state == "ACKED"


def test_its_price_and_quantity_change_and_what_it_waits_for_stays(road: Road) -> None:
    order = waiting(road)
    before, actor = sent(road).conditions, road.actor("trader")

    terms = NewTerms(limit_price=Decimal("200.05"), quantity=4)
    revising.replace(order_id=order.pk, terms=terms, actor=actor, now=utc_now())
    road.until(lambda: road.theirs()[0].terms.quantity == 4, "the new terms are at the broker")
    road.until_status(order, "NEW")

    assert sent(road).conditions == before
    assert road.theirs()[0].status is Status.HELD
    with pytest.raises(NotReplaceableError, match="cancel it and send another"):
        revising.replace(order_id=order.pk, terms=NewTerms(condition=None), actor=actor, now=utc_now())
    road.show(bid="199.48", ask="199.52")
    road.until_status(order, "FILLED", 4)


def test_a_cancel_reaches_it_while_it_waits(road: Road) -> None:
    order = waiting(road)

    submit.cancel(order_id=order.pk, actor=road.actor("trader"), now=utc_now())

    road.until_status(order, "CANCELED")
    assert [theirs.status for theirs in road.theirs()] == [Status.CANCELED]


def test_without_being_asked_the_desk_watches_it_itself(road: Road) -> None:
    order = place(road, condition={"when": WHEN})

    assert (order.status, Hold.objects.get().condition) == ("HELD", {"when": WHEN})
    assert shown(road, order) is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"held_by": "BROKER"}, InvalidConditionError),
        ({"held_by": "BROKER", "condition": {"when": {**WHEN, "is": "<"}}}, NotKeptError),
        ({"held_by": "BROKER", "condition": {"when": {"not": WHEN}}}, NotKeptError),
        (  # the feed is simulated: its clock is not the broker's
            {"held_by": "BROKER", "condition": {"when": {"what": "TIME", "value": "2026-06-10T19:00:00+00:00"}}},
            NotKeptError,
        ),
        ({"condition": {"when": WHEN}, "broker_algo": PATIENT}, NotWorkedError),
        ({"broker_algo": {"name": "Adaptiv", "params": {}}}, NotWorkedError),
        ({"broker_algo": {"name": "Adaptive", "params": {"adaptivePriority": "Idle"}}}, NotWorkedError),
        ({"broker_algo": PATIENT, "time_in_force": "GTC"}, NotWorkedError),
    ],
)
def test_what_the_broker_does_not_do_is_refused_and_nothing_is_kept(
    road: Road, changes: dict[str, Any], error: type[Exception]
) -> None:
    looked_at = look(road, **changes)
    with pytest.raises(error, match="Nothing was sent") as refused:
        place(road, **changes)

    assert looked_at["refused"] == {"code": refused.value.code, "message": refused.value.message}  # type: ignore[attr-defined]
    assert looked_at["outcome"] == "HARD_BLOCK"
    assert looked_at["checks"][0]["message"] == refused.value.message  # type: ignore[attr-defined,index]
    assert not Order.objects.exists()
    assert road.theirs() == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"condition": {"when": WHEN}},
        {"held_by": "BROKER", "condition": {"when": WHEN}},
        {"broker_algo": PATIENT},
        {"held_by": "BROKER", "condition": {"when": WHEN}, "broker_algo": PATIENT},
    ],
)
def test_what_would_be_placed_is_told_so_before(road: Road, changes: dict[str, Any]) -> None:
    looked_at = look(road, **changes)

    assert (looked_at["refused"], looked_at["outcome"]) == (None, "PASS")
    assert place(road, **changes).status != "DENIED"


def test_an_order_is_worked_by_the_brokers_own_algorithm(road: Road) -> None:
    order = road.until_status(place(road, limit_price=Decimal("199.50"), broker_algo=PATIENT), "NEW")

    assert (sent(road)["algoStrategy"], sent(road).algo) == ("Adaptive", [("adaptivePriority", "Patient")])
    assert shown(road, order)["algo"] == PATIENT
    assert (
        "Worked by Interactive Brokers with its own Adaptive (adaptivePriority Patient)" in shown(road, order)["says"]
    )


def test_the_broker_may_watch_the_condition_and_then_work_the_order(road: Road) -> None:
    order = place(road, condition={"when": WHEN}, held_by="BROKER", broker_algo=PATIENT)
    road.until_status(order, "NEW")

    assert (len(sent(road).conditions), sent(road)["algoStrategy"]) == (1, "Adaptive")
