"""Brackets, OCO and OTO from placing to the last fill, with the real database and the paper exchange."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.reports import ReportKind
from risk.models import Reservation
from tests.trading.contingent.conftest import Road
from tests.trading.hardcases.floor import Floor
from trading.domain.contingent.compose import InvalidListError
from trading.models import Hold, Order, OrderLink, OrderList, OrderRequest
from trading.services.contingent import lists, placing
from trading.services.submit import RiskDeniedError

BUY = {"symbol": "AAPL", "side": "BUY", "position_effect": "OPEN", "ratio": 1}
SELL = {"symbol": "AAPL", "side": "SELL", "position_effect": "CLOSE", "ratio": 1}
NO_TERMS: dict[str, Any] = {"time_in_force": "DAY", "limit_price": None, "stop_price": None}


def part(role: str, leg: dict[str, object], quantity: int = 10, **terms: Any) -> dict[str, Any]:
    for name in ("limit_price", "stop_price"):
        if name in terms:
            terms[name] = Decimal(terms[name])
    return {"role": role, "underlying": "AAPL", "legs": [leg], "quantity": quantity, **NO_TERMS, **terms}


def bracket(quantity: int = 10) -> list[dict[str, Any]]:
    return [
        part("ENTRY", BUY, quantity, ord_type="LIMIT", limit_price="200.02"),
        part("TARGET", SELL, quantity, ord_type="LIMIT", limit_price="205.00"),
        part("STOP", SELL, quantity, ord_type="STOP", stop_price="195.00"),
    ]


def place(
    road: Road, kind: str, orders: Sequence[dict[str, Any]], *, key: str = "list", policy: str = "PARTIAL"
) -> OrderList:
    draft = {"kind": kind, "account": "GEN-1", "policy": policy, "orders": list(orders)}
    return placing.place(draft=draft, actor=road.actor, key=key, trace_id="t", now=utc_now())


def orders_of(made: OrderList) -> list[Order]:
    return [link.order for link in OrderLink.objects.filter(order_list=made).select_related("order").order_by("index")]


def states(made: OrderList) -> list[str]:
    return [order.status for order in orders_of(made)]


def reserved(order: Order) -> Decimal:
    rows = Reservation.objects.filter(order_id=order.pk, released_at=None)
    return sum((row.cash for row in rows), Decimal(0))


def test_a_bracket_s_whole_life(road: Road) -> None:
    road.show("199.98", "200.02", size=4)
    made = place(road, "BRACKET", bracket())
    assert states(made) == ["READY", "HELD", "HELD"]

    road.settle_down()  # four are shown, four are bought
    entry, target, stop = orders_of(made)
    assert (entry.status, entry.cum_qty) == ("PARTIALLY_FILLED", 4)
    assert (target.status, target.order_qty) == ("NEW", 4)
    assert (stop.status, stop.order_qty) == ("HELD", 4)

    road.show("199.98", "200.02", size=100)
    road.settle_down()
    entry, target, stop = orders_of(made)
    assert (entry.status, target.status, target.order_qty, stop.order_qty) == ("FILLED", "NEW", 10, 10)

    road.show("205.00", "205.04", size=100)
    road.settle_down()
    assert states(made) == ["FILLED", "FILLED", "ABANDONED"]
    assert road.position() == 0
    made.refresh_from_db()
    assert made.closed_at is not None
    assert made.alarms == []
    assert not Reservation.objects.filter(released_at=None).exists()


def test_the_stop_of_a_bracket_takes_the_target_s_place_once_that_is_cancelled(road: Road) -> None:
    made = place(road, "BRACKET", bracket())
    road.settle_down()
    for bid, ask in (("194.98", "195.02"), ("194.97", "195.01")):
        road.show(bid, ask)
        road.look()

    entry, target, stop = orders_of(made)
    assert (entry.status, target.status, stop.status) == ("FILLED", "PENDING_CANCEL", "HELD")
    assert not OrderRequest.objects.filter(order=stop).exists()
    road.settle_down()

    assert states(made) == ["FILLED", "CANCELED", "FILLED"]
    assert road.position() == 0


def test_a_target_filled_in_part_leaves_the_stop_the_rest(road: Road) -> None:
    made = place(road, "BRACKET", bracket())
    road.settle_down()
    road.show("205.00", "205.04", size=6)
    road.settle_down()

    _, target, stop = orders_of(made)
    assert (target.cum_qty, stop.status, stop.order_qty) == (6, "HELD", 4)
    for bid, ask in (("194.98", "195.02"), ("194.97", "195.01")):
        road.show(bid, ask)
        road.look()
    road.settle_down()

    _, target, stop = orders_of(made)
    assert (target.status, stop.status, stop.cum_qty) == ("CANCELED", "FILLED", 4)
    assert road.position() == 0


def test_an_entry_that_ends_without_a_fill_ends_its_children(road: Road) -> None:
    made = place(road, "BRACKET", [part("ENTRY", BUY, ord_type="LIMIT", limit_price="190.00"), *bracket()[1:]])
    road.settle_down()

    placing.cancel_order(order_id=orders_of(made)[0].pk, actor=road.actor, now=utc_now())
    road.settle_down()

    assert states(made) == ["CANCELED", "ABANDONED", "ABANDONED"]
    assert road.position() == 0


def test_an_exit_that_closes_what_filled_takes_back_the_rest_of_the_entry(road: Road) -> None:
    road.show("199.98", "200.02", size=4)
    made = place(road, "BRACKET", bracket())
    road.settle_down()
    road.show("205.00", "205.04", size=100)
    road.settle_down()

    assert states(made) == ["CANCELED", "FILLED", "ABANDONED"]
    assert road.position() == 0


def test_with_the_policy_full_children_wait_for_the_whole_entry(road: Road) -> None:
    road.show("199.98", "200.02", size=4)
    made = place(road, "BRACKET", bracket(), policy="FULL")
    road.settle_down()
    assert states(made) == ["PARTIALLY_FILLED", "HELD", "HELD"]

    road.show("199.98", "200.02", size=100)
    road.settle_down()

    assert states(made) == ["FILLED", "NEW", "HELD"]


def test_after_a_crash_between_the_fill_and_its_consequences_the_sweep_does_the_rest(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = place(road, "BRACKET", bracket())
    with monkeypatch.context() as crashing:
        crashing.setattr(lists, "react", lambda *_, **__: 0)
        road.settle_down()
    assert states(made) == ["FILLED", "HELD", "HELD"]

    lists.sweep(now=utc_now())
    road.settle_down()
    lists.sweep(now=utc_now())

    assert states(made) == ["FILLED", "NEW", "HELD"]
    assert OrderRequest.objects.filter(order=orders_of(made)[1]).count() == 1


def bought(road: Road) -> None:
    road.place("entry")
    road.settle_down()


def oco() -> list[dict[str, Any]]:
    return [
        part("MEMBER", SELL, ord_type="LIMIT", limit_price="205.00"),
        part("MEMBER", SELL, ord_type="STOP", stop_price="195.00"),
    ]


def test_orders_of_an_oco_that_close_one_position_claim_it_once(road: Road) -> None:
    bought(road)

    made = place(road, "OCO", oco())
    road.settle_down()

    assert states(made) == ["NEW", "HELD"]
    denied = road.place("more", legs=[SELL], ord_type="LIMIT", limit_price=Decimal("206.00"))
    assert denied.status == "DENIED"  # the ten are claimed, by whichever of the two
    assert "10 are held, 0 of them not yet being closed" in denied.reason


def test_the_first_execution_of_an_oco_cancels_the_other(road: Road) -> None:
    bought(road)
    made = place(road, "OCO", oco())
    road.settle_down()
    road.show("205.00", "205.04", size=3)
    road.settle_down()

    first, second = orders_of(made)
    assert (first.cum_qty, second.status) == (3, "ABANDONED")
    assert Hold.objects.get(order=second).state == "ENDED"


def test_opening_orders_of_an_oco_each_reserve_since_both_may_fill_in_a_race(road: Road) -> None:
    made = place(
        road,
        "OCO",
        [
            part("MEMBER", BUY, ord_type="LIMIT", limit_price="198.00"),
            part("MEMBER", BUY, 11, ord_type="LIMIT", limit_price="197.00"),
        ],
    )
    road.settle_down()

    first, second = orders_of(made)
    assert (first.status, second.status) == ("NEW", "NEW")
    assert (reserved(first), reserved(second)) == (Decimal("1980.00"), Decimal("2167.00"))


def test_both_of_an_oco_filling_in_a_race_are_booked_and_told_of(road: Road) -> None:
    made = place(
        road,
        "OCO",
        [
            part("MEMBER", BUY, ord_type="LIMIT", limit_price="198.00"),
            part("MEMBER", BUY, 10, ord_type="LIMIT", limit_price="197.90"),
        ],
    )
    road.settle_down()

    road.show("197.00", "197.04", size=100)  # one quote fills both before any cancel can arrive
    road.settle_down()

    assert states(made) == ["FILLED", "FILLED"]
    assert road.position() == 20
    made.refresh_from_db()
    assert made.alarms == ["LINKED_ORDERS_BOTH_FILLED"]
    assert AuditEntry.objects.filter(action="order.alert").count() == 1


def test_an_oto_sets_its_child_free_with_each_fill(road: Road) -> None:
    road.show("199.98", "200.02", size=4)
    made = place(
        road,
        "OTO",
        [
            part("ENTRY", BUY, ord_type="LIMIT", limit_price="200.02"),
            part("MEMBER", SELL, 5, ord_type="LIMIT", limit_price="210.00"),
        ],
    )
    road.settle_down()
    assert orders_of(made)[1].order_qty == 2  # half of what filled, as half was ordered

    road.show("199.98", "200.02", size=100)
    road.settle_down()

    assert orders_of(made)[1].order_qty == 5


def test_a_list_of_which_one_order_is_denied_is_not_placed_at_all(road: Road) -> None:
    parts = bracket()
    parts[1]["limit_price"] = Decimal("205.001")

    with pytest.raises(RiskDeniedError, match=r"order 2 of the list \(target\).*None of its orders was sent"):
        place(road, "BRACKET", parts)

    assert not Order.objects.exists()
    assert not OrderList.objects.exists()
    assert not Reservation.objects.exists()
    assert AuditEntry.objects.filter(action="order_list.denied").count() == 1


@pytest.mark.parametrize(
    ("kind", "orders"),
    [
        ("BRACKET", bracket()[:2]),
        ("OCO", bracket()),
        ("OTO", oco()),
        ("BRACKET", [*bracket()[:2], part("STOP", SELL, 9, ord_type="STOP", stop_price="195.00")]),
        ("BRACKET", [*bracket()[:2], part("STOP", BUY, ord_type="STOP", stop_price="205.00")]),
    ],
)
def test_orders_that_do_not_make_their_list_are_refused(road: Road, kind: str, orders: list[dict[str, Any]]) -> None:
    with pytest.raises(InvalidListError, match="Nothing was sent"):
        place(road, kind, orders)

    assert not OrderList.objects.exists()


def test_a_cancelled_list_is_cancelled_whole(road: Road) -> None:
    bought(road)
    made = place(road, "OCO", oco())
    road.settle_down()

    placing.cancel(list_id=made.pk, actor=road.actor, now=utc_now())
    road.settle_down()

    assert states(made) == ["CANCELED", "ABANDONED"]
    made.refresh_from_db()
    assert made.closed_at is not None


def test_a_trailing_stop_in_a_bracket_begins_to_trail_when_the_entry_has_filled(road: Road) -> None:
    parts = [*bracket()[:2], part("STOP", SELL, ord_type="TRAILING_STOP", trail_percent=Decimal(1))]
    made = place(road, "BRACKET", parts)
    road.look()
    assert Hold.objects.get(order=orders_of(made)[2]).mark is None

    road.settle_down()
    road.show("202.00", "202.04")
    road.look()
    for bid, ask in (("199.97", "200.01"), ("199.96", "200.00")):
        road.show(bid, ask)
        road.look()
    road.settle_down()

    assert states(made) == ["FILLED", "CANCELED", "FILLED"]


def late(road: Road, order: Order, qty: int, px: str) -> None:
    """Let an execution be told after the order has ended."""
    floor = Floor(road.actor)
    floor.hear(floor.fill(Order.objects.get(pk=order.pk), f"late-{order.cl_ord_id}", qty, px))


def test_an_entry_that_fills_after_its_list_was_over_is_told_of_as_unprotected(road: Road) -> None:
    road.show("200.98", "201.02")
    made = place(road, "BRACKET", bracket())
    road.settle_down()
    placing.cancel(list_id=made.pk, actor=road.actor, now=utc_now())
    road.settle_down()
    made.refresh_from_db()
    assert (made.closed_at is None, made.alarms) == (False, [])

    late(road, orders_of(made)[0], 10, "200.02")

    made.refresh_from_db()
    assert made.alarms == ["EXITS_GONE"]
    assert AuditEntry.objects.filter(action="order_list.closed").count() == 1


def test_a_linked_order_that_fills_after_its_list_was_over_is_told_of(road: Road) -> None:
    members = [part("MEMBER", BUY, ord_type="LIMIT", limit_price=price) for price in ("198.00", "197.90")]
    made = place(road, "OCO", members)
    road.settle_down()
    road.show("197.96", "198.00", size=100)
    road.settle_down()
    assert states(made) == ["FILLED", "CANCELED"]

    late(road, orders_of(made)[1], 10, "197.90")

    made.refresh_from_db()
    assert made.alarms == ["LINKED_ORDERS_BOTH_FILLED"]


def test_an_order_that_comes_to_life_after_its_list_was_over_is_looked_after_again(road: Road) -> None:
    members = [part("MEMBER", BUY, ord_type="LIMIT", limit_price=price) for price in ("198.00", "197.90")]
    made = place(road, "OCO", members)
    floor = Floor(road.actor)
    floor.send()
    first, second = orders_of(made)
    floor.hear(floor.report(second, ReportKind.REJECT))
    floor.hear(floor.report(first, ReportKind.ACK), floor.fill(first, "e1", 10, "198.00"))
    assert OrderList.objects.filter(closed_at=None).count() == 0

    floor.hear(floor.report(second, ReportKind.ACK))

    assert OrderList.objects.filter(closed_at=None).count() == 1
    assert OrderRequest.objects.filter(order=second, kind="CANCEL", state="TO_SEND").count() == 1
