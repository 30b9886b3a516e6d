"""Another quantity for a list: children follow their entry, siblings one another, and nothing below what has filled."""

from decimal import Decimal
from typing import Any

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError
from tests.trading.contingent.conftest import Road
from tests.trading.contingent.test_held import bought, fresh
from tests.trading.contingent.test_lists import BUY, SELL, bracket, orders_of, part, place
from trading.domain.contingent.lists import Linkage, LinkedOrders, Member, Place
from trading.domain.contingent.quantities import ListQuantityError, totals, wanted
from trading.domain.orders.terms import NewTerms
from trading.models import Order, OrderLink, OrderList
from trading.services import submit
from trading.services.contingent import revising
from trading.services.contingent.rewaiting import SetOffError

FAR: dict[str, Any] = {"ord_type": "LIMIT", "limit_price": "190.00"}


def change(road: Road, order: Order, **terms: Any) -> Order:
    return revising.replace(order_id=order.pk, terms=NewTerms(**terms), actor=road.actor, now=utc_now())


def quantities(made: OrderList) -> list[int]:
    return [order.order_qty for order in orders_of(made)]


def planned(made: OrderList) -> list[int]:
    return list(OrderLink.objects.filter(order_list=made).order_by("index").values_list("planned_qty", flat=True))


def pair(kind: str = "OUO", quantity: int = 10) -> list[dict[str, Any]]:
    return [
        part("MEMBER", SELL, quantity, ord_type="LIMIT", limit_price="205.00"),
        part("MEMBER", SELL, quantity, ord_type="STOP", stop_price="195.00"),
    ]


def sell(road: Road, size: int) -> None:
    road.show("205.00", "205.04", size=size)
    road.settle_down()


def test_children_follow_an_entry_that_grows_while_it_works(road: Road) -> None:
    made = place(road, "BRACKET", [part("ENTRY", BUY, **FAR), *bracket()[1:]])
    road.settle_down()

    change(road, orders_of(made)[0], quantity=20)
    road.settle_down()

    assert quantities(made) == [20, 20, 20]
    road.show("189.90", "189.94", size=100)
    road.settle_down()
    entry, target, stop = orders_of(made)
    assert (entry.cum_qty, target.order_qty, stop.order_qty) == (20, 20, 20)  # all of it is protected
    assert fresh(target).status == "NEW"


def test_children_follow_an_entry_that_shrinks_and_what_fills_meanwhile_is_protected(road: Road) -> None:
    made = place(road, "BRACKET", [part("ENTRY", BUY, **FAR), *bracket()[1:]])
    road.settle_down()

    change(road, orders_of(made)[0], quantity=6)
    assert (planned(made), quantities(made)[1:]) == ([6, 6, 6], [6, 6])
    road.settle_down()
    assert quantities(made) == [6, 6, 6]
    road.show("189.90", "189.94", size=100)
    road.settle_down()

    assert [order.order_qty for order in orders_of(made)] == [6, 6, 6]
    assert road.position() == 6


def test_what_filled_before_the_broker_agreed_to_less_is_protected_whole() -> None:
    entry = Member(0, Place.OUT, planned=6, asked=10, cum_qty=10, is_entry=True)
    child = Member(1, Place.DORMANT, planned=6, asked=6, cum_qty=0)

    assert LinkedOrders(Linkage.OUO, (entry, child)).allowed(child) == 10


def test_an_entry_filled_in_part_grows_and_its_exits_go_on_by_its_fills(road: Road) -> None:
    road.show("199.98", "200.02", size=4)
    made = place(road, "BRACKET", bracket())
    road.settle_down()
    assert quantities(made) == [10, 4, 4]

    change(road, orders_of(made)[0], quantity=15)
    road.settle_down()

    assert (quantities(made), planned(made)) == ([15, 4, 4], [15, 15, 15])
    road.show("199.98", "200.02", size=100)
    road.settle_down()
    assert quantities(made) == [15, 15, 15]
    assert road.position() == 15


@pytest.mark.parametrize(("quantity", "is_right"), [(3, False), (4, False), (5, True)])
def test_an_entry_is_for_more_than_has_filled(road: Road, quantity: int, is_right: bool) -> None:
    road.show("199.98", "200.02", size=4)
    made = place(road, "BRACKET", bracket())
    road.settle_down()

    if is_right:
        change(road, orders_of(made)[0], quantity=quantity)
        road.settle_down()
        assert quantities(made)[0] == quantity
        return
    with pytest.raises(ListQuantityError, match="4 filled already"):
        change(road, orders_of(made)[0], quantity=quantity)
    assert (quantities(made), planned(made)) == ([10, 4, 4], [10, 10, 10])


def test_a_list_whose_entry_waits_changes_at_once(road: Road) -> None:
    wait = {"when": {"what": "PRICE", "symbol": "AAPL", "is": "<=", "value": "190"}}
    made = place(road, "BRACKET", [part("ENTRY", BUY, **FAR, condition=wait), *bracket()[1:]])

    change(road, orders_of(made)[0], quantity=7, limit_price=Decimal("189.00"))

    assert quantities(made) == [7, 7, 7]
    entry = orders_of(made)[0]
    assert (entry.description, entry.limit_price) == ("Buy 7 AAPL at 189.00 limit, day", Decimal("189.0000"))
    seen = AuditEntry.objects.get(action="order_list.resized").payload
    assert seen == {"quantities": [7, 7, 7], "were": [10, 10, 10]}


def test_a_child_is_not_changed_alone(road: Road) -> None:
    made = place(road, "BRACKET", bracket())

    with pytest.raises(ListQuantityError, match="change the entry's quantity"):
        change(road, orders_of(made)[1], quantity=5)

    assert planned(made) == [10, 10, 10]


@pytest.mark.parametrize("index", [0, 1])
def test_siblings_stay_equal_whichever_is_changed(road: Road, index: int) -> None:
    bought(road)
    made = place(road, "OUO", pair())
    road.settle_down()

    change(road, orders_of(made)[index], quantity=6)
    road.settle_down()

    assert (quantities(made), planned(made)) == ([6, 6], [6, 6])
    assert [order.status for order in orders_of(made)] == ["NEW", "HELD"]


def test_siblings_have_what_the_others_left_them(road: Road) -> None:
    bought(road)
    made = place(road, "OUO", pair())
    road.settle_down()
    sell(road, 3)
    assert quantities(made) == [10, 7]

    with pytest.raises(ListQuantityError, match="3 filled already"):
        change(road, orders_of(made)[1], quantity=3)
    change(road, orders_of(made)[1], quantity=8)
    road.settle_down()

    assert (quantities(made), planned(made)) == ([8, 5], [8, 8])


def test_the_gate_refuses_the_whole_and_nothing_is_changed(road: Road) -> None:
    bought(road)
    made = place(road, "OUO", pair(quantity=5))
    road.settle_down()

    with pytest.raises(submit.RiskDeniedError):
        change(road, orders_of(made)[0], quantity=50)  # ten are held
    road.settle_down()

    assert (quantities(made), planned(made)) == ([5, 5], [5, 5])


def test_an_order_that_is_set_off_stops_the_change(road: Road) -> None:
    bought(road)
    made = place(road, "OUO", pair())
    road.settle_down()
    for bid in ("194.98", "194.97"):
        road.show(bid, f"{Decimal(bid) + Decimal('0.04')}")
        road.look()

    with pytest.raises(DeskError) as refused:
        change(road, orders_of(made)[1], quantity=6)

    assert isinstance(refused.value, SetOffError)
    assert planned(made) == [10, 10]


def test_the_same_quantity_again_is_no_change_of_the_list(road: Road) -> None:
    bought(road)
    made = place(road, "OUO", pair())
    road.settle_down()

    change(road, orders_of(made)[1], quantity=10, stop_price=Decimal("194.00"))

    assert not AuditEntry.objects.filter(action="order_list.resized").exists()
    assert orders_of(made)[1].stop_price == Decimal("194.0000")


def test_the_price_of_a_working_target_moves_while_its_stop_waits(road: Road) -> None:
    made = place(road, "BRACKET", bracket())
    road.settle_down()

    change(road, orders_of(made)[1], limit_price=Decimal("206.00"))
    road.settle_down()

    assert [(order.status, order.order_qty) for order in orders_of(made)] == [("FILLED", 10), ("NEW", 10), ("HELD", 10)]
    assert orders_of(made)[1].limit_price == Decimal("206.0000")


def linked(*planned_qty: int) -> LinkedOrders:
    entry = Member(0, Place.OUT, planned=planned_qty[0], asked=planned_qty[0], cum_qty=0, is_entry=True)
    others = (Member(n, Place.DORMANT, planned=q, asked=q, cum_qty=0) for n, q in enumerate(planned_qty[1:], 1))
    return LinkedOrders(Linkage.NONE, (entry, *others))


def test_children_keep_their_proportion_and_are_never_a_fraction() -> None:
    found = wanted(linked(10, 5, 20), 0, 4)

    assert (found, totals(linked(10, 5, 20), found)) == ({0: 4, 1: 2, 2: 8}, {0: 4, 1: 2, 2: 8})
    with pytest.raises(ListQuantityError, match=r"10 to 5: for 3 the other would be for 1\.50"):
        wanted(linked(10, 5), 0, 3)
