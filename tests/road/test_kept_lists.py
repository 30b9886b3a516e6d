"""Lists that Interactive Brokers keeps, from the ticket to the books: the desk sends them once, as one, and follows."""

import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from brokers.models import Connection
from risk.models import Reservation
from tests.brokers.servers.book import Status
from tests.brokers.servers.faults import Lapse
from tests.brokers.servers.tws.messages import card_of
from tests.road.desks import ACCOUNT, SYMBOL, WITHIN, Road
from tests.road.test_killed_worker import start
from trading.domain.reconcile import doubts
from trading.models import Hold, Order, OrderEvent, OrderLink, OrderList, OrderRequest
from trading.selectors import order_lists
from trading.selectors import orders as orders_shown
from trading.services import submit
from trading.services.contingent import placing, revising
from trading.services.submit import NewTerms, NotReplaceableError, RiskDeniedError

pytestmark = [pytest.mark.road, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("road")]

BUY, SELL = ("BUY", "OPEN"), ("SELL", "CLOSE")
ALERTS = "order.alert"


@pytest.fixture
def road(transactional_db: None) -> Iterator[Road]:
    opened = Road.opened("ibkr-sim")
    yield opened
    opened.close()


def part(role: str, how: tuple[str, str], quantity: int, **terms: str) -> dict[str, Any]:
    prices = {name: Decimal(terms[name]) if name in terms else None for name in ("limit_price", "stop_price")}
    leg = {"symbol": SYMBOL, "side": how[0], "position_effect": how[1], "ratio": 1}
    kind = {"ord_type": "STOP" if "stop_price" in terms else "LIMIT", "time_in_force": "DAY"}
    return {"role": role, "underlying": SYMBOL, "legs": [leg], "quantity": quantity, **kind, **prices}


def bracket(quantity: int = 1, limit: str = "200.10") -> list[dict[str, Any]]:
    return [
        part("ENTRY", BUY, quantity, limit_price=limit),
        part("TARGET", SELL, quantity, limit_price="205.00"),
        part("STOP", SELL, quantity, stop_price="195.00"),
    ]


def pair(quantity: int = 10) -> list[dict[str, Any]]:
    return [part("MEMBER", SELL, quantity, limit_price="205.00"), part("MEMBER", SELL, quantity, stop_price="195.00")]


def place(road: Road, kind: str, orders: list[dict[str, Any]], key: str = "list") -> tuple[OrderList, list[Order]]:
    draft = {"kind": kind, "account": ACCOUNT, "policy": "PARTIAL", "orders": orders}
    made = placing.place(draft=draft, actor=road.actor("trader"), key=key, trace_id="t", now=utc_now())
    links = OrderLink.objects.filter(order_list=made).select_related("order").order_by("index")
    return made, [link.order for link in links]


def ends(road: Road, orders: list[Order], *statuses: str) -> None:
    def said() -> tuple[str, ...]:
        for order in orders:
            order.refresh_from_db()
        return tuple(order.status for order in orders)

    road.until(lambda: said() == statuses, f"the orders are {statuses}; they were last {said()}")


def closed(road: Road, made: OrderList) -> None:
    def is_closed() -> bool:
        made.refresh_from_db()
        return made.closed_at is not None

    road.until(is_closed, "the list is closed")


def alerts() -> list[str]:
    return [entry.payload["code"] for entry in AuditEntry.objects.filter(action=ALERTS)]


def test_a_bracket_lives_at_the_broker_and_its_target_ends_its_stop(road: Road) -> None:
    made, orders = place(road, "BRACKET", bracket(limit="199.50"))
    assert (made.is_native, made.held_because) == (True, "")
    ends(road, orders, "NEW", "NEW", "NEW")
    shown = order_lists.detail(road.actor("trader").user, made.pk)
    assert (shown["held_locally"], shown["held_by"]) == (False, "Interactive Brokers")
    assert "works on while the desk is down" in str(shown["held_says"])
    cards = [card_of(order).placing for order in road.theirs()]
    assert [card["transmit"] for card in cards] == ["0", "0", "1"]
    assert [card["ocaType"] for card in cards] == ["0", "2", "2"]
    assert not Hold.objects.exists()

    road.show(bid="199.40", ask="199.50")
    ends(road, orders, "FILLED", "NEW", "NEW")
    road.show(bid="205.00", ask="205.04")
    ends(road, orders, "FILLED", "FILLED", "CANCELED")

    road.until(road.agree, "both books agree")
    closed(road, made)
    assert made.alarms == []
    assert alerts() == []
    assert not Reservation.objects.filter(released_at=None).exists()
    assert OrderRequest.objects.count() == 3


def test_a_pair_of_closing_orders_is_sent_as_one_group_and_an_execution_ends_the_other(road: Road) -> None:
    road.until_status(held(road), "FILLED", 10)
    made, orders = place(road, "OCO", pair())
    ends(road, orders, "NEW", "NEW")

    road.show(bid="194.90", ask="194.98", size=100)

    ends(road, orders, "CANCELED", "FILLED")
    road.until(road.agree, "both books agree")
    closed(road, made)
    assert alerts() == []


def test_what_a_target_executes_in_part_is_taken_from_its_stop_and_told_as_the_lists_doing(road: Road) -> None:
    road.until_status(held(road), "FILLED", 10)
    made, orders = place(road, "OUO", pair())
    ends(road, orders, "NEW", "NEW")

    road.show(bid="205.00", ask="205.04", size=4)
    road.until_status(orders[0], "PARTIALLY_FILLED", 4)
    road.until(lambda: Order.objects.get(pk=orders[1].pk).order_qty == 6, "the stop is for the rest")
    road.show(bid="194.90", ask="194.98", size=100)

    ends(road, orders, "CANCELED", "FILLED")
    road.until(road.agree, "both books agree")
    closed(road, made)
    assert made.alarms == []
    assert alerts() == ["RESTATED"]
    assert "linked order" in AuditEntry.objects.get(action=ALERTS).payload["message"]


def test_exits_whose_entry_has_not_filled_claim_nothing_of_what_is_held(road: Road) -> None:
    road.until_status(held(road), "FILLED", 10)
    _, orders = place(road, "BRACKET", bracket(limit="199.50"))
    ends(road, orders, "NEW", "NEW", "NEW")
    a_second_on(road)

    _, others = place(road, "OCO", pair(quantity=10), key="all of it")  # the bracket's exits are not in the way

    ends(road, others, "NEW", "NEW")
    road.show(bid="199.40", ask="199.50")
    ends(road, orders, "FILLED", "NEW", "NEW")
    a_second_on(road)
    with pytest.raises(RiskDeniedError) as refused:  # all eleven are spoken for now
        place(road, "OCO", pair(quantity=1), key="one more")
    assert "Messages" not in refused.value.message


def a_second_on(road: Road) -> None:
    """Wait until the limit of messages a second has room again."""
    began = time.monotonic()
    road.until(lambda: time.monotonic() - began > 1.1, "a second has passed")


def held(road: Road) -> Order:
    road.show()
    return road.place(quantity=10)


def test_a_target_that_fills_while_the_desk_is_away_is_booked_and_the_stop_is_known_to_have_ended(road: Road) -> None:
    made, orders = place(road, "BRACKET", bracket(limit="199.50"))
    ends(road, orders, "NEW", "NEW", "NEW")
    road.leave()
    road.show(bid="199.40", ask="199.50")
    road.show(bid="205.00", ask="205.04")

    road.connect()

    ends(road, orders, "FILLED", "FILLED", "CANCELED")
    road.until(road.agree, "both books agree")
    closed(road, made)
    assert made.alarms == []
    assert "UNSOLICITED_CANCEL" not in alerts()


@pytest.mark.parametrize("lapse", [Lapse.DROP, Lapse.SILENT])
def test_a_list_whose_answer_never_came_is_found_by_asking_and_is_not_sent_again(road: Road, lapse: Lapse) -> None:
    road.loop.do(lambda: road.server.faults.lapses.append(lapse))

    _, orders = place(road, "BRACKET", bracket(limit="199.50"))

    ends(road, orders, "NEW", "NEW", "NEW")
    assert len(road.theirs()) == 3
    assert OrderRequest.objects.count() == 3


@pytest.mark.parametrize("nth", [1, 2])  # the last one refused leaves the others untransmitted at the gateway
def test_an_entry_whose_exit_is_refused_is_taken_back_before_it_fills(road: Road, nth: int) -> None:
    refusal = ("201", "Order rejected - reason:STOP NOT ALLOWED")
    passes: list[Any] = [None] * nth  # so many orders are taken first
    road.loop.do(lambda: road.server.faults.rejects.extend([*passes, refusal]))

    made, orders = place(road, "BRACKET", bracket(limit="199.50"))

    def is_over() -> bool:
        for order in orders:
            order.refresh_from_db()
        return all(order.closed_at is not None for order in orders)

    road.until(is_over, "nothing of the list can fill")
    assert [theirs.cum for theirs in road.theirs() if theirs.cum] == []
    assert orders[nth].status == "REJECTED"
    assert [order.cum_qty for order in orders] == [0, 0, 0]
    assert [theirs for theirs in road.theirs() if theirs.is_open] == []
    made.refresh_from_db()
    assert made.alarms == ["LIST_ORDER_REFUSED"]


def test_a_cancel_of_the_entry_passes_and_takes_its_exits_along(road: Road) -> None:
    made, orders = place(road, "BRACKET", bracket(limit="199.50"))
    ends(road, orders, "NEW", "NEW", "NEW")

    placing.cancel_order(order_id=orders[0].pk, actor=road.actor("trader"), now=utc_now())

    ends(road, orders, "CANCELED", "CANCELED", "CANCELED")
    closed(road, made)
    assert made.alarms == []
    assert [theirs.status for theirs in road.theirs()] == [Status.CANCELED] * 3


def test_the_whole_list_can_be_cancelled_though_an_exit_has_ended_with_another(road: Road) -> None:
    made, orders = place(road, "BRACKET", bracket(limit="199.50"))
    ends(road, orders, "NEW", "NEW", "NEW")

    placing.cancel(list_id=made.pk, actor=road.actor("trader"), now=utc_now())

    ends(road, orders, "CANCELED", "CANCELED", "CANCELED")
    road.until(road.agree, "both books agree")


def test_a_price_of_an_exit_changes_at_the_broker_and_its_quantity_does_not(road: Road) -> None:
    _, orders = place(road, "BRACKET", bracket(limit="199.50"))
    ends(road, orders, "NEW", "NEW", "NEW")
    target, actor = orders[1], road.actor("trader")

    revising.replace(order_id=target.pk, terms=NewTerms(limit_price=Decimal("204.00")), actor=actor, now=utc_now())
    road.until(lambda: abs(road.theirs()[1].terms.limit or 0) == Decimal("204.00"), "the new price is at the broker")
    road.until_status(target, "NEW")
    with pytest.raises(NotReplaceableError):
        revising.replace(order_id=target.pk, terms=NewTerms(quantity=2), actor=actor, now=utc_now())

    road.show(bid="199.40", ask="199.50")
    road.show(bid="204.00", ask="204.04")
    ends(road, orders, "FILLED", "FILLED", "CANCELED")
    assert card_of(road.theirs()[1]).placing["parentId"] != "0"


def test_a_list_of_which_one_order_was_taken_back_before_it_left_does_not_leave(road: Road) -> None:
    road.leave()
    Connection.objects.update(state="UP")  # as in the moment before anybody has noticed
    _, orders = place(road, "BRACKET", bracket(limit="199.50"))
    submit.cancel(order_id=orders[1].pk, actor=road.actor("trader"), now=utc_now())  # and its list never hears of it

    road.connect()

    road.until(lambda: not OrderRequest.objects.filter(state="TO_SEND").exists(), "nothing waits any more")
    ends(road, orders, "ABANDONED", "ABANDONED", "ABANDONED")
    assert road.theirs() == []
    assert "whole or not at all" in orders[0].reason


@pytest.mark.parametrize("step", ["claimed", "submitted", "heard_ack"])
def test_a_worker_killed_with_a_list_in_its_hands_leaves_one_list_or_none(
    road: Road, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubts, "SILENCE_NEEDED", timedelta(seconds=3))
    road.leave()
    dying = start(step, "ibkr")
    road.until(road.is_up, "the first worker connects")
    made, orders = place(road, "BRACKET", bracket(limit="199.50"))
    assert dying.wait(WITHIN) == -signal.SIGKILL
    Connection.objects.update(state="DOWN", heartbeat_at=None)

    road.connect()

    if step == "claimed":  # before it left there is nothing at the broker, and a resend would be a guess
        ends(road, orders, "REJECTED", "REJECTED", "REJECTED")
        assert road.theirs() == []
    else:
        ends(road, orders, "NEW", "NEW", "NEW")
        road.show(bid="199.40", ask="199.50")
        road.show(bid="205.00", ask="205.04")
        ends(road, orders, "FILLED", "FILLED", "CANCELED")
        assert len(road.theirs()) == 3
        closed(road, made)
    road.until(road.agree, "both books agree")
    assert OrderRequest.objects.filter(kind="NEW").count() == 3


def test_an_entry_that_may_fill_in_part_keeps_its_list_at_the_desk_and_says_why(road: Road) -> None:
    made, orders = place(road, "BRACKET", bracket(quantity=10, limit="199.50"))

    assert not made.is_native
    assert made.held_because.startswith("Interactive Brokers sets exits free only once the whole entry has filled")
    shown = order_lists.detail(road.actor("trader").user, made.pk)
    assert (shown["held_locally"], shown["held_by"]) == (True, "this desk")
    assert "protects nothing while the desk is down. Interactive Brokers sets" in str(shown["held_says"])
    assert "Held by this desk" in str(orders_shown.detail(road.actor("trader").user, orders[1].pk)["held_says"])
    ends(road, orders, "NEW", "HELD", "HELD")
    assert OrderEvent.objects.filter(order=orders[1]).count() == 2
